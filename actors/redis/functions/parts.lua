-- uses: decimal
-- What must be in Redis of a rolled-up figure, so that parts which Redis evicted, or somebody
-- deleted, renamed or overwrote, are noticed by the next flush. Nobody but these functions
-- writes the hidden hashes, so each keeps as many groups as the hash `counts` says, by
-- the figure's name; its field CLOSING counts the buckets that are to close, EVICTED the
-- keys that the server said to have evicted.
-- The set `refill` names the figures that have to be filled again.
local parts = {}

local CLOSING, EVICTED = ':closing', ':evicted' -- no figure's name has a colon
local counts = PREFIX .. 'counts'

-- Returns the number that a command answers, or nothing and Redis's words.
local function size(command, key)
  local have = redis.pcall(command, key)
  if type(have) == 'table' then return nil, have.err end
  return have
end

local function noted(field)
  local have = redis.pcall('HGET', counts, field)
  return type(have) == 'string' and tonumber(have) or 0
end

local function compared(command, key, field, what)
  local have, refused = size(command, key)
  if refused then return nil, 'Redis has something else where its parts were (' .. refused .. ')' end
  local must = noted(field)
  if have == must then return have end
  return nil, format('Redis has parts of %.0f ' .. what .. ', not of %.0f', have, must)
end

-- Returns how many groups the figure has; or nothing, and why its parts can't be trusted.
function parts.groups(spec) return compared('HLEN', spec.hidden, spec.name, 'groups') end

-- Returns how many buckets are to close; or nothing and why.
function parts.closing() return compared('ZCARD', PREFIX .. 'closing', CLOSING, 'buckets that close') end

-- Notes a number as it is now, where it isn't what it was.
local function note(command, key, field, before)
  local have = size(command, key)
  if have ~= before then redis.pcall('HSET', counts, field, format('%.0f', have or 0)) end
end

function parts.note_groups(spec, before) note('HLEN', spec.hidden, spec.name, before) end
function parts.note_closing(before) note('ZCARD', PREFIX .. 'closing', CLOSING, before) end

-- Remembers that the figure has to be filled again, and why.
function parts.lost(name, why)
  redis.pcall('SADD', PREFIX .. 'refill', name)
  redis.pcall('HSETNX', PREFIX .. 'failed', name, why)
end

-- Remembers that another client changed or deleted a place; or, where a key of another type is
-- in the way, that the figure failed with Redis's words: that key isn't ours to delete.
function parts.touched(name, key, refused)
  if refused then return redis.pcall('HSETNX', PREFIX .. 'failed', name, refused .. ' (' .. key .. ')') end
  parts.lost(name, 'another client changed or deleted ' .. key)
end

-- Notes how many keys Redis has evicted: `run` names the server's start, since which it
-- counts. Returns how many more they are than was noted. A ledger that was just born
-- has nothing that they could be of.
function parts.evicted(run, evicted, live)
  local have = redis.pcall('HGET', counts, EVICTED)
  local before, known = 0, type(have) == 'string'
  if known and string.sub(have, 1, #run + 1) == run .. ':' then before = tonumber(string.sub(have, #run + 2)) or 0 end
  if evicted == before then return 0 end
  redis.pcall('HSET', counts, EVICTED, run .. ':' .. format('%.0f', evicted))
  return (known or live) and evicted - before or 0
end

-- Takes a key of ours away that has become something else than `kind`.
function parts.take_back(key, kind)
  local is = redis.call('TYPE', key).ok
  if is ~= kind and is ~= 'none' then redis.call('UNLINK', key) end
end

-- Makes room for the figure's parts: they are none now.
function parts.forget(spec)
  redis.call('HDEL', counts, spec.name)
  parts.note_closing()
end

-- Prepares the keys that the figure's parts are in to be emptied.
function parts.prepare(spec)
  parts.take_back(counts, 'hash')
  parts.take_back(spec.hidden, 'hash')
  parts.take_back(PREFIX .. 'closing', 'zset')
end
