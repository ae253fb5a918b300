-- Creates a ledger and deletes what was there before. Several nodes can find a ledger missing or
-- broken at the same time: only the first one succeeds.

local function is_of(life) return (redis.call('HGET', PREFIX .. 'format', 'life') or '') == life end

-- ARGV: the incarnation of the present ledger ('': none), then the new format's fields. Returns OK,
-- or OTHER if another node was first.
local function birth(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  redis.call('UNLINK', PREFIX .. 'format')
  redis.call('HSET', PREFIX .. 'format', unpack(argv, 2))
  return 'OK'
end

register('birth', birth)

-- ARGV: the incarnation of the ledger ('': none), then keys to delete. Returns OK, or OTHER.
local function forget(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  for first = 2, #argv, SLICE do
    redis.call('UNLINK', unpack(argv, first, math.min(first + SLICE - 1, #argv)))
  end
  return 'OK'
end

register('forget', forget)
