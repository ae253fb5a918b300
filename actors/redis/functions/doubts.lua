-- uses: birth
-- Doubts: tables whose rows may have changed without records. Also the facts about tables on which
-- the rows rely. A doubt is JSON, as store_doubts.cpp writes it. Its `at` is an LSN of 20 decimal
-- digits: a double would round it, and texts of the same length compare like their numbers.

local doubts = {}

-- Returns the first list, and after it what only the second list has.
local function joined(list, more)
  local known = {}
  for _, text in ipairs(list) do known[text] = true end
  for _, text in ipairs(more) do
    if not known[text] then list[#list + 1] = text end
  end
  return list
end

-- Without `columns` all of the table is in doubt.
local function joined_columns(some, more)
  if not some or not more then return nil end
  for name in pairs(more) do some[name] = true end
  return some
end

-- Adds the doubt. An existing one keeps its `since` and its texts.
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

-- ARGV: the ledger's incarnation, the table, its doubt. Returns OK, or OTHER.
local function doubt(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  doubts.note(argv[2], argv[3])
  return 'OK'
end

register('doubt', doubt)

-- ARGV: the ledger's incarnation, the table, the LSN at which the table was read. Keeps a doubt
-- that was noticed at this LSN or later. Returns OK, or OTHER.
local function clear_doubt(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  local key = PREFIX .. 'doubts'
  local have = redis.call('HGET', key, argv[2])
  if have and cjson.decode(have).at < argv[3] then redis.call('HDEL', key, argv[2]) end
  return 'OK'
end

register('clear_doubt', clear_doubt)

-- ARGV: the ledger's incarnation, then tables and their facts in turn. Returns OK, or OTHER.
local function rely_on(_, argv)
  if not is_of(argv[1]) then return 'OTHER' end
  for first = 2, #argv, SLICE do
    redis.call('HSET', PREFIX .. 'relied', unpack(argv, first, math.min(first + SLICE - 1, #argv)))
  end
  return 'OK'
end

register('rely_on', rely_on)
