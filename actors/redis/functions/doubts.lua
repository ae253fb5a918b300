-- uses: birth
-- Tables whose rows may have changed without records, and what was relied on of each.
-- A doubt is JSON, as store_doubts.cpp writes it. Its `at` is an LSN as 20 decimal digits: a
-- double would round it, and texts of one length compare as their numbers do.

local doubts = {}

-- Returns the first list with what only the second one has behind it.
local function joined(list, more)
  local known = {}
  for _, text in ipairs(list) do known[text] = true end
  for _, text in ipairs(more) do
    if not known[text] then list[#list + 1] = text end
  end
  return list
end

-- Without `columns` the whole table is in doubt.
local function joined_columns(some, more)
  if not some or not more then return nil end
  for name in pairs(more) do some[name] = true end
  return some
end

-- Notes the doubt. One that is there keeps its beginning and what it says.
function doubts.note(table_name, text)
  local key, new = PREFIX .. 'doubts', cjson.decode(text)
  local have = redis.call('HGET', key, table_name)
  if have then
    local old = cjson.decode(have)
    new.since = old.since
    if old.at > new.at then new.at = old.at end
    new.reasons, new.remedies = joined(old.reasons, new.reasons), joined(old.remedies, new.remedies)
    new.columns = joined_columns(old.columns, new.columns)
    new.rewritten_only = old.rewritten_only and new.rewritten_only
    new.asked = old.asked or new.asked
    if new.seen == '' then new.seen = old.seen end
  end
  redis.call('HSET', key, table_name, cjson.encode(new))
end

-- ARGV: the life that the ledger must be of, the table, its doubt. Returns OK, or OTHER.
local function doubt(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  doubts.note(argv[2], argv[3])
  return 'OK'
end

register('doubt', doubt)

-- ARGV: the life that the ledger must be of, the table, the LSN that it was read from.
-- A doubt that was noticed there or later stays. Returns OK, or OTHER.
local function clear_doubt(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  local key = PREFIX .. 'doubts'
  local have = redis.call('HGET', key, argv[2])
  if have and cjson.decode(have).at < argv[3] then redis.call('HDEL', key, argv[2]) end
  return 'OK'
end

register('clear_doubt', clear_doubt)

-- ARGV: the life that the ledger must be of, then tables and their facts in turn.
-- Returns OK, or OTHER.
local function rely_on(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  for first = 2, #argv, SLICE do
    redis.call('HSET', PREFIX .. 'relied', unpack(argv, first, math.min(first + SLICE - 1, #argv)))
  end
  return 'OK'
end

register('rely_on', rely_on)
