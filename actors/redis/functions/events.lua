-- uses: places
-- What others can follow: each change of a figure's places is an entry of a stream, a message on a
-- channel, or both. The old value is what Redis had. The entries go into the flush that writes the
-- places, in the order of a place's changes.
local events = {}

-- A figure's wishes, as pack.cpp packs them: {figure, stream or '', maxlen, channel or '', fills}.
local FIGURE, STREAM, MAXLEN, CHANNEL, FIRST = 1, 2, 3, 4, 5

-- Returns an empty list of changes.
function events.list() return { last = {} } end

-- Returns the wishes by figure; nil if there are none.
function events.wishes(packed)
  if #packed == 0 then return nil end
  local out = {}
  for _, x in ipairs(packed) do out[x[FIGURE]] = x end
  return out
end

local function text(answer) return type(answer) == 'string' and answer or nil end

-- Notes a change that is about to be written. `field` is a hash field or a zset member, or nil. An earlier
-- change of the same flush, which isn't written yet, goes before what `command` reads from Redis.
local function note(noted, wish, key, field, value, command, same)
  if sub(key, 1, #PREFIX) == PREFIX then return end -- a staged place
  local place = key .. '\0' .. (field or '')
  local earlier = noted.last[place]
  local old = earlier and earlier.value
  if not earlier and command then
    old = text(field and redis.pcall(command, key, field) or redis.pcall(command, key))
  end
  if value == old or (same and value and old and same(value, old)) then return end
  local change = { wish = wish, key = key, field = field, value = value, old = old }
  noted.last[place] = change
  noted[#noted + 1] = change
end

-- Scores are compared as doubles: Redis prints what it read.
local function same_score(a, b) return tonumber(a) == tonumber(b) end

local function note_key(noted, wish, key, value) note(noted, wish, key, nil, value, 'GET') end
local function note_field(noted, wish, key, field, value) note(noted, wish, key, field, value, 'HGET') end
local function note_member(noted, wish, key, member, score)
  note(noted, wish, key, member, score, 'ZSCORE', same_score)
end

-- A staged place becomes real: all of it is new.
local function note_staged(noted, wish, key, staged)
  local kind = redis.pcall('TYPE', staged)['ok']
  if kind == 'string' then return note(noted, wish, key, nil, text(redis.pcall('GET', staged))) end
  if kind ~= 'hash' then return end
  local all = redis.pcall('HGETALL', staged)
  for i = 1, #all, 2 do note(noted, wish, key, all[i], all[i + 1]) end
end

-- The node's commands by number, as places.lua names them.
local NOTES = {
  function(noted, wish, args, from, to) for i = from, to do note_key(noted, wish, args[i], nil) end end,
  function(noted, wish, args, from, to) for i = from, to, 2 do note_key(noted, wish, args[i], args[i + 1]) end end,
  function(noted, wish, args, from) note_key(noted, wish, args[from], args[from + 1]) end,
  function(noted, wish, args, from, to) for i = from + 1, to do note_field(noted, wish, args[from], args[i], nil) end end,
  function(noted, wish, args, from, to)
    for i = from + 1, to, 2 do note_field(noted, wish, args[from], args[i], args[i + 1]) end
  end,
  function(noted, wish, args, from, to) for i = from + 1, to do note_member(noted, wish, args[from], args[i], nil) end end,
  function(noted, wish, args, from, to)
    for i = from + 1, to, 2 do note_member(noted, wish, args[from], args[i + 1], args[i]) end
  end,
  function(noted, wish, args, from) note_staged(noted, wish, args[from], args[from + 1]) end,
}

-- Notes what the node's commands change. Call it before places.write.
function events.note_commands(noted, wishes, heads, args)
  local at = 1
  for i = 1, #heads, 4 do
    local wish, count = wishes[heads[i + 1]], heads[i + 3]
    if wish then NOTES[heads[i]](noted, wish, args, at, at + count - 1) end
    at = at + count
  end
end

-- Notes what a rolled-up figure's work changes. Call it before rollups.commit.
function events.note_work(noted, wishes, work)
  local wish = wishes[work.figure]
  if not wish then return end
  for i = 1, #work.dels do note_key(noted, wish, work.dels[i], nil) end
  for i = 1, #work.sets, 2 do note_key(noted, wish, work.sets[i], work.sets[i + 1]) end
  local zset = work.spec.target == 'zset'
  local note_one = zset and note_member or note_field
  for key, list in pairs(work.removes) do
    for i = 1, #list do note_one(noted, wish, key, list[i], nil) end
  end
  for key, list in pairs(work.adds) do
    for i = 1, #list, 2 do
      if zset then note_member(noted, wish, key, list[i + 1], list[i]) else note_field(noted, wish, key, list[i], list[i + 1]) end
    end
  end
end

local function entry(x, tick)
  local out = { 'op', x.value and 'set' or 'del', 'key', x.key }
  local function add(name, value)
    if value then out[#out + 1], out[#out + 2] = name, value end
  end
  add('field', x.field)
  add('value', x.value)
  add('old', x.old)
  add('first', x.wish[FIRST] and '1' or nil)
  add('as_of', tick)
  return out
end

local function as_json(fields)
  local out = {}
  for i = 1, #fields, 2 do out[fields[i]] = fields[i + 1] end
  return cjson.encode(out)
end

-- Appends what was noted. A stream's key of another type fails its figure.
function events.write(outcome, noted, tick)
  for _, x in ipairs(noted) do
    local fields, wish = entry(x, format('%.0f', tick)), x.wish
    if wish[STREAM] ~= '' then
      local added = redis.pcall('XADD', wish[STREAM], 'MAXLEN', '~', format('%.0f', wish[MAXLEN]), '*', unpack(fields))
      if type(added) == 'table' and added.err then
        outcome.failed[wish[FIGURE]] = outcome.failed[wish[FIGURE]] or added.err .. ' (' .. wish[STREAM] .. ')'
      end
    end
    if wish[CHANNEL] ~= '' then
      local told = redis.pcall('PUBLISH', wish[CHANNEL], as_json(fields))
      if type(told) == 'table' and told.err then
        outcome.failed[wish[FIGURE]] = outcome.failed[wish[FIGURE]] or told.err .. ' (PUBLISH ' .. wish[CHANNEL] .. ')'
      end
    end
  end
end
