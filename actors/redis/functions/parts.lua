-- uses: decimal
-- Detects lost partials of rolled-up figures: ones that Redis evicted, or that another client
-- deleted, renamed or overwrote. Only these functions write the hidden hashes. So each must have as
-- many groups as the hash `counts` says under the figure's name. CLOSING counts the buckets that
-- are to close, and EVICTED the keys that the server has evicted. The set `refill` names the
-- figures to be filled again.
local parts = {}

local CLOSING, EVICTED = ':closing', ':evicted' -- no figure's name has a colon
local counts = PREFIX .. 'counts'

-- Returns the command's number, or nil and Redis's error.
local function size(command, key)
  local have = redis.pcall(command, key)
  if type(have) == 'table' then return nil, have.err end
  return have
end

local function noted(field)
  local have = redis.pcall('HGET', counts, field)
  return type(have) == 'string' and tonumber(have) or 0
end

-- A zset's number of members, or -1; the number that `counts` has under a field, and how to note another.
function parts.size_of_zset(key) return size('ZCARD', key) or -1 end
function parts.noted(field) return noted(field) end
function parts.note_size(field, now, before)
  if now ~= before then redis.pcall('HSET', counts, field, format('%.0f', now)) end
end

local function compared(command, key, field, what)
  local have, refused = size(command, key)
  if refused then return nil, 'Redis has another value where its parts were (' .. refused .. ')' end
  local must = noted(field)
  if have == must then return have end
  return nil, format('Redis has parts of %.0f ' .. what .. ', not of %.0f', have, must)
end

-- Returns the figure's number of groups, or nil and how its partials were lost.
function parts.groups(spec) return compared('HLEN', spec.hidden, spec.name, 'groups') end

-- Returns the number of buckets that are to close, or nil and how some were lost.
function parts.closing() return compared('ZCARD', PREFIX .. 'closing', CLOSING, 'buckets that close') end

-- Stores a number if it has changed.
local function note(command, key, field, before)
  local have = size(command, key)
  if have ~= before then redis.pcall('HSET', counts, field, format('%.0f', have or 0)) end
end

function parts.note_groups(spec, before) note('HLEN', spec.hidden, spec.name, before) end
function parts.note_closing(before) note('ZCARD', PREFIX .. 'closing', CLOSING, before) end

-- Marks the figure as failed and to be filled again.
function parts.lost(name, why)
  redis.pcall('SADD', PREFIX .. 'refill', name)
  redis.pcall('HSETNX', PREFIX .. 'failed', name, why)
end

-- Marks a figure of which another client changed or deleted a place. If a key of another type is in
-- the way, the figure only fails with Redis's error, because another client owns that key.
function parts.touched(name, key, refused)
  if refused then return redis.pcall('HSETNX', PREFIX .. 'failed', name, refused .. ' (' .. key .. ')') end
  parts.lost(name, 'another client changed or deleted ' .. key)
end

-- Stores how many keys Redis has evicted since its start with the run ID `run`. Returns how many
-- are new; 0 in the first call of a ledger that isn't live, because it had no keys to lose.
function parts.evicted(run, evicted, live)
  local have = redis.pcall('HGET', counts, EVICTED)
  local before, known = 0, type(have) == 'string'
  if known and string.sub(have, 1, #run + 1) == run .. ':' then before = tonumber(string.sub(have, #run + 2)) or 0 end
  if evicted == before then return 0 end
  redis.pcall('HSET', counts, EVICTED, run .. ':' .. format('%.0f', evicted))
  return (known or live) and evicted - before or 0
end

-- Deletes one of our keys if it has another type than `kind`.
function parts.take_back(key, kind)
  local is = redis.call('TYPE', key).ok
  if is ~= kind and is ~= 'none' then redis.call('UNLINK', key) end
end

-- Forgets the figure's count: it has no partials now.
function parts.forget(spec)
  redis.call('HDEL', counts, spec.name)
  parts.note_closing()
end

-- Deletes keys of a wrong type before the figure's partials are deleted.
function parts.prepare(spec)
  parts.take_back(counts, 'hash')
  parts.take_back(spec.hidden, 'hash')
  parts.take_back(PREFIX .. 'closing', 'zset')
end
