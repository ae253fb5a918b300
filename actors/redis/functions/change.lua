-- uses: birth, ledger
-- Changes figures while nodes run. The format's field `next` holds the pending plans. A node that
-- starts continues the change, until `adopt` makes them the ledger's plans.

local function field(have) return have or '' end

-- ARGV: the ledger's fingerprint and epoch, the pending plans. Returns OK, also if the same plans
-- are pending already, or why not.
local function propose(_, argv)
  local key = PREFIX .. 'format'
  local have = redis.call('HMGET', key, 'fingerprint', 'epoch', 'next')
  if not have[1] then return 'NONE' end
  if have[1] ~= argv[1] or (have[2] or '0') ~= argv[2] then return 'OTHER' end
  if field(have[3]) ~= '' then return have[3] == argv[3] and 'OK' or 'UNDER_WAY' end
  redis.call('HSET', key, 'next', argv[3])
  return 'OK'
end

register('propose', propose)

-- ARGV: the ledger's incarnation, phase and progress of its fill. Returns OK, or OTHER.
local function set_note(_, argv)
  local key = PREFIX .. 'format'
  if redis.call('EXISTS', key) == 0 or not is_of(argv[1]) then return 'OTHER' end
  redis.call('HSET', key, 'phase', argv[2], 'note', argv[3])
  return 'OK'
end

register('set_note', set_note)

-- ARGV: number of cells. For each cell: its name, its owner, the number of positions that it loses,
-- their fields, twice the number that it gains, their fields and texts. Then the number of figures
-- whose failures are cleared, and their names. The rest is the new format. All or nothing. Returns
-- OK, or FENCED and the cell.
local function adopt(_, argv)
  local at = 0
  local function take()
    at = at + 1
    return argv[at]
  end
  local function take_list()
    local out = {}
    for i = 1, tonumber(take()) do out[i] = take() end
    return out
  end
  local cells = {}
  for i = 1, tonumber(take()) do
    cells[i] = { key = ledger.key(take()), owner = take(), loses = take_list(), gains = take_list() }
    if redis.call('HGET', cells[i].key, 'owner') ~= cells[i].owner then return { 'FENCED', i } end
  end
  local recovered = take_list()
  for _, c in ipairs(cells) do
    for first = 1, #c.loses, SLICE do
      redis.call('HDEL', c.key, unpack(c.loses, first, math.min(first + SLICE - 1, #c.loses)))
    end
    for first = 1, #c.gains, SLICE do
      redis.call('HSET', c.key, unpack(c.gains, first, math.min(first + SLICE - 1, #c.gains)))
    end
  end
  for _, name in ipairs(recovered) do
    redis.call('HDEL', PREFIX .. 'failed', name)
    redis.call('SREM', PREFIX .. 'refill', name)
  end
  redis.call('HSET', PREFIX .. 'format', unpack(argv, at + 1))
  return { 'OK' }
end

register('adopt', adopt)
