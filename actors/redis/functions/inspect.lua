-- uses: decimal, ledger, parts, rollups
-- Checks Millrace's own data, whether or not there are flushes.

-- ARGV: the specs of all rolled-up figures, then cells' names. Marks figures whose partials lost
-- data. Returns the indexes of cells whose ledger or state log lost data, and the names of all
-- figures to be filled again.
local function inspect(_, argv)
  local _, closing_lost = parts.closing()
  for _, packed in ipairs(cmsgpack.unpack(argv[1])) do
    local spec = rollups.spec(packed)
    local _, lost = parts.groups(spec)
    if spec.closes then lost = lost or closing_lost end
    if lost then parts.lost(spec.name, lost) end
  end
  local live = redis.call('HGET', PREFIX .. 'format', 'phase') == 'live'
  local broken = {}
  for i = 2, #argv do
    if ledger.is_broken(argv[i], live) then broken[#broken + 1] = i - 1 end
  end
  return { broken, redis.call('SMEMBERS', PREFIX .. 'refill') }
end

register('inspect', inspect)

-- ARGV: a figure's name, a place of it that differs from what was written, and Redis's error if the
-- key has another type, else ''.
local function touched(_, argv) parts.touched(argv[1], argv[2], argv[3] ~= '' and argv[3] or nil) end

register('touched', touched)

-- ARGV: the server's run ID, how many keys it has evicted, for how long (s) no fill begins after
-- that, then the figures that can be affected. Returns how many keys were evicted since the last
-- call.
local function evicted(_, argv)
  local live = redis.call('HGET', PREFIX .. 'format', 'phase') == 'live'
  local more = parts.evicted(argv[1], tonumber(argv[2]), live)
  if more <= 0 then return 0 end
  for i = 4, #argv do
    parts.lost(argv[i], format('Redis evicted %.0f keys when its memory was full: places may be missing', more))
  end
  redis.call('SET', PREFIX .. 'mended', '1', 'EX', argv[3]) -- not while it goes on
  return more
end

register('evicted', evicted)
