-- uses: parts, places
-- Copies of newest places: `newest K2` has K2 hold what the greatest key of its figures holds. Several
-- figures can share K2 and their keys. The zset newest:K2 has the keys that exist, in order of their
-- text, which is the order of time. The hash `counts` says how many it has: another client may take some.
local newest = {}

local function index_of(copy) return PREFIX .. 'newest:' .. copy end

-- Notes that a flush writes to a key. Keys of staged places begin with the project's prefix.
function newest.touch(touched, copy, key)
  if sub(key, 1, #PREFIX) == PREFIX then return end
  touched[copy] = touched[copy] or {}
  touched[copy][key] = true
end

local MSET, DEL = 2, 1
-- Notes the keys of the node's commands. `copies`: by figure; heads and args: as in places.write.
function newest.touch_commands(touched, copies, heads, args)
  local at = 1
  for i = 1, #heads, 4 do
    local what, copy, count = heads[i], copies[heads[i + 1]], heads[i + 3]
    if copy then
      local last = (what == MSET or what == DEL) and at + count - 1 or at
      for k = at, last, what == MSET and 2 or 1 do newest.touch(touched, copy, args[k]) end
    end
    at = at + count
  end
end

-- Notes the keys of a rolled-up figure's work.
function newest.touch_work(touched, copy, work)
  for key in pairs(work.adds) do newest.touch(touched, copy, key) end
  for key in pairs(work.removes) do newest.touch(touched, copy, key) end
  for i = 1, #work.sets, 2 do newest.touch(touched, copy, work.sets[i]) end
  for i = 1, #work.dels do newest.touch(touched, copy, work.dels[i]) end
end

-- Returns the greatest key that exists. A key that has expired leaves the index here.
local function greatest(index)
  while true do
    local top = redis.pcall('ZRANGE', index, '+', '-', 'BYLEX', 'REV', 'LIMIT', 0, 1)
    if top.err or not top[1] then return nil end
    if redis.call('EXISTS', top[1]) == 1 then return top[1] end
    redis.call('ZREM', index, top[1])
  end
end

-- Makes each copy what its newest place is now. Call it after the places are written. `sharers`: the names of
-- the figures of each copy, which are filled again if the index has lost keys.
function newest.write(outcome, touched, sharers)
  for copy, keys in pairs(touched) do
    local index, noted = index_of(copy), parts.noted('newest:' .. copy)
    if parts.size_of_zset(index) ~= noted then
      for _, name in ipairs(sharers and sharers[copy] or {}) do
        parts.lost(name, 'another client changed the list of the places of which ' .. copy .. ' is the newest')
      end
    end
    for key in pairs(keys) do
      if redis.call('EXISTS', key) == 1 then
        redis.pcall('ZADD', index, 0, key)
      else
        redis.pcall('ZREM', index, key)
      end
    end
    local top = greatest(index)
    parts.note_size('newest:' .. copy, parts.size_of_zset(index), noted)
    if top then
      places.run(outcome, -1, 'COPY', top, copy, 'REPLACE')
    else
      places.run(outcome, -1, 'DEL', copy)
    end
  end
end
