-- A ledger's birth, and the end of what was there before. Several nodes may find a
-- ledger missing or broken at once: whoever comes second is told so.

local function is_of(life) return (redis.call('HGET', PREFIX .. 'format', 'life') or '') == life end

-- ARGV: the life that the ledger is of ('': none), then the new format's fields.
-- Returns OK, or OTHER where somebody else was first.
local function birth(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  redis.call('UNLINK', PREFIX .. 'format')
  redis.call('HSET', PREFIX .. 'format', unpack(argv, 2))
  return 'OK'
end

register('birth', birth)

-- ARGV: the life that the ledger must be of ('': none), then keys, which are deleted.
-- Returns OK, or OTHER.
local function forget(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  for first = 2, #argv, SLICE do
    redis.call('UNLINK', unpack(argv, first, math.min(first + SLICE - 1, #argv)))
  end
  return 'OK'
end

register('forget', forget)
