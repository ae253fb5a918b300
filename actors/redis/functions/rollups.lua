-- uses: decimal, ledger, newest, parts, places, texts
-- Rolled-up figures. Redis merges the cells' partials in a hidden hash: field = group, value =
-- packed {rows, key, member, slots of the aggregates}:
--   count     one slot: the count
--   sum, avg  three: count of the values, NaNs among them, sum of the others
--   min, max  one: {cell, best, cell, best, ...}
-- fold and close read and compute everything, then commit writes everything, so that an error in
-- between leaves no partial write.
local rollups = {}

local WIDTHS = { count = 1, sum = 3, avg = 3, min = 1, max = 1 }
local ROWS, KEY, MEMBER, FIRST_SLOT = 1, 2, 3, 4
-- A group's change: {group, key, member, closes at, shown keys, rows, slots...}
local D_GROUP, D_KEY, D_MEMBER, D_CLOSES, D_SHOWN, D_ROWS, D_ALWAYS, D_FIRST_SLOT = 1, 2, 3, 4, 5, 6, 7, 8

-- Returns the figure's spec, as spec.cpp packs it, with named fields.
function rollups.spec(packed)
  local out = { name = packed[1], target = packed[2], always = packed[3], key = packed[4], aggregates = {},
    outputs = {}, closes = packed[7], newest = packed[8], slots = 0 }
  local slot = 0
  for i = 1, #packed[5], 3 do
    local kind = packed[5][i]
    out.aggregates[#out.aggregates + 1] = { kind = kind, scale = packed[5][i + 1], type = packed[5][i + 2], slot = slot }
    slot = slot + WIDTHS[kind]
  end
  out.slots = slot
  for i = 1, #packed[6], 3 do
    out.outputs[#out.outputs + 1] = { label = packed[6][i], key = packed[6][i + 1], aggregate = packed[6][i + 2] }
  end
  out.hidden = PREFIX .. 'rollup:' .. out.name
  return out
end

-- Returns what a flush will do to one figure. `groups`: its number of groups; `lost`: how its
-- partials were lost.
function rollups.work(figure, spec)
  local groups, lost = parts.groups(spec)
  return { groups = groups, lost = lost, figure = figure, spec = spec, sets = {}, dels = {}, adds = {}, removes = {}, hidden_sets = {},
    hidden_dels = {}, closing_adds = {}, closing_removes = {} }
end

local function best_of(bests, kind)
  local out
  for i = 2, #bests, 2 do
    local x = bests[i]
    if not out then
      out = x
    elseif x == 'nan' or out == 'nan' then -- NaN is greater than every number
      if (x == 'nan') == (kind == 'max') then out = x end
    elseif kind == 'min' and decimal.less(x, out) or kind == 'max' and decimal.less(out, x) then
      out = x
    end
  end
  return out
end

-- Returns the bests, with those of the cells in `changes` replaced ('' = none).
local function merge_bests(bests, changes)
  local new, out = {}, {}
  for i = 1, #changes, 2 do new[changes[i]] = changes[i + 1] end
  for i = 1, #bests, 2 do
    if not new[bests[i]] then out[#out + 1], out[#out + 2] = bests[i], bests[i + 1] end
  end
  for i = 1, #changes, 2 do
    if changes[i + 1] ~= '' then out[#out + 1], out[#out + 2] = changes[i], changes[i + 1] end
  end
  return out
end

local function fold_values(entry, at, d, from, kind)
  local count, nans, sum = d[from], d[from + 1], d[from + 2]
  local was_null, was_nan = entry[at] == 0, entry[at + 1] > 0
  entry[at], entry[at + 1] = entry[at] + count, entry[at + 1] + nans
  if sum ~= 0 then entry[at + 2] = decimal.add(entry[at + 2], sum) end
  if sum ~= 0 or was_null ~= (entry[at] == 0) or was_nan ~= (entry[at + 1] > 0) then return true end
  return kind == 'avg' and count ~= 0
end

local function fold_bests(entry, at, changes, kind)
  if not changes then return false end
  local before = best_of(entry[at], kind)
  entry[at] = merge_bests(entry[at], changes)
  return best_of(entry[at], kind) ~= before
end

-- Adds one aggregate's change to the entry. Returns whether its text may differ.
local function fold_aggregate(entry, d, a)
  local at, from = FIRST_SLOT + a.slot, D_FIRST_SLOT + a.slot
  if a.kind == 'count' then
    entry[at] = entry[at] + d[from]
    return d[from] ~= 0
  end
  if a.kind == 'min' or a.kind == 'max' then return fold_bests(entry, at, d[from], a.kind) end
  return fold_values(entry, at, d, from, a.kind)
end

local function fresh(spec, d)
  local out = { 0, not spec.key and d[D_KEY], d[D_MEMBER] }
  for _, a in ipairs(spec.aggregates) do
    local at = FIRST_SLOT + a.slot
    if a.kind == 'min' or a.kind == 'max' then
      out[at] = {}
    else
      for i = at, at + WIDTHS[a.kind] - 1 do out[i] = 0 end
    end
  end
  return out
end

-- Returns an aggregate's text, or nil for NULL.
local function show(entry, a, json)
  local at = FIRST_SLOT + a.slot
  if a.kind == 'count' then return decimal.text(entry[at]) end
  if a.kind == 'min' or a.kind == 'max' then
    local best = best_of(entry[at], a.kind)
    return best and texts.show(best, a.type, a.scale, json)
  end
  if entry[at] == 0 then return nil end
  if entry[at + 1] > 0 then return json and '"NaN"' or 'NaN' end
  if a.kind == 'sum' then return decimal.scaled(entry[at + 2], a.scale) end
  return decimal.average(entry[at + 2], a.scale, entry[at])
end

local function show_output(entry, o, d, spec, json)
  if o.aggregate > 0 then return show(entry, spec.aggregates[o.aggregate], json) end
  local text = d[D_SHOWN] and d[D_SHOWN][o.key] or ''
  return text ~= '' and text or nil
end

local function row_to_json(entry, d, spec)
  local out = {}
  for i, o in ipairs(spec.outputs) do
    out[i] = o.label .. (show_output(entry, o, d, spec, true) or 'null')
  end
  return table.concat(out) .. '}'
end

local function push(lists, key, ...)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  for i = 1, select('#', ...) do list[#list + 1] = (select(i, ...)) end
end

local function place_text(work, key, text)
  if text then
    push(work, 'sets', key, text)
  else
    push(work, 'dels', key)
  end
end

-- Adds the place's new content to the work. `changed`: by aggregate; nil = all are new.
local function emit(work, key, entry, d, changed)
  local spec = work.spec
  if spec.target == 'json' then return place_text(work, key, row_to_json(entry, d, spec)) end
  for _, o in ipairs(spec.outputs) do
    if not changed or changed[o.aggregate] then
      local text = show_output(entry, o, d, spec, false)
      if spec.target == 'string' then
        place_text(work, key, text)
      elseif spec.target == 'zset' then
        if text and text ~= 'NaN' then
          push(work.adds, key, text, entry[MEMBER]) -- Redis reads the nearest double
        else
          push(work.removes, key, entry[MEMBER])
        end
      else
        local field = spec.target == 'field' and entry[MEMBER] or o.label
        if text then push(work.adds, key, field, text) elseif changed then push(work.removes, key, field) end
      end
    end
  end
end

-- Adds the deletion of the group's place to the work.
local function drop(work, group, entry)
  local spec = work.spec
  local key = spec.key or entry[KEY]
  if spec.target == 'string' or spec.target == 'json' then
    push(work, 'dels', key)
  elseif spec.target == 'hash' then
    for _, o in ipairs(spec.outputs) do push(work.removes, key, o.label) end
  else
    push(work.removes, key, entry[MEMBER])
  end
  push(work, 'hidden_dels', group)
end

-- Returns a group's merged partials; nil if they are damaged.
local function entry_of(spec, packed)
  local sound, entry = pcall(cmsgpack.unpack, packed)
  if not sound or type(entry) ~= 'table' or type(entry[ROWS]) ~= 'number' then return nil end
  return #entry == FIRST_SLOT - 1 + spec.slots and entry or nil
end

local function closing_member(spec, group) return cmsgpack.pack({ spec.name, group }) end

-- Folds one group. Each cell's partial has 0 or more rows, so a negative sum means that partials
-- are missing.
local function fold_group(work, d, packed)
  local spec = work.spec
  local entry = not packed and fresh(spec, d) or entry_of(spec, packed)
  if not entry or entry[ROWS] + d[D_ROWS] < 0 then
    work.lost = work.lost or 'Redis has other parts of a group than were written'
    return
  end
  local any, changed = false, {}
  entry[ROWS] = entry[ROWS] + d[D_ROWS]
  for i, a in ipairs(spec.aggregates) do
    changed[i] = fold_aggregate(entry, d, a)
    any = changed[i] or any
  end
  local always = spec.always or d[D_ALWAYS]
  if entry[ROWS] <= 0 and not always then
    if not packed then return end
    if d[D_CLOSES] > 0 then push(work, 'closing_removes', closing_member(spec, d[D_GROUP])) end
    return drop(work, d[D_GROUP], entry)
  end
  push(work, 'hidden_sets', d[D_GROUP], cmsgpack.pack(entry))
  if not packed and d[D_CLOSES] > 0 then
    push(work, 'closing_adds', format('%.0f', d[D_CLOSES]), closing_member(spec, d[D_GROUP]))
  end
  if not packed then
    work.grows = true
    emit(work, spec.key or entry[KEY], entry, d, nil)
  elseif any then
    emit(work, spec.key or entry[KEY], entry, d, changed)
  end
end

-- Reads the hidden values of `groups`, and calls use(i, packed or false).
local function each_hidden(hidden, groups, use)
  for first = 1, #groups, SLICE do
    local last = math.min(first + SLICE - 1, #groups)
    local have = redis.pcall('HMGET', hidden, unpack(groups, first, last))
    if have.err then return have.err end
    for i = first, last do use(i, have[i - first + 1]) end
  end
end

local LISTS = { 'sets', 'dels', 'adds', 'removes', 'hidden_sets', 'hidden_dels', 'closing_adds', 'closing_removes' }

-- Deletes the places of the groups that change: an absent place is better than a wrong one. The
-- other places stay. All come back when the figure is filled again.
local function withdraw(work, changes)
  for _, list in ipairs(LISTS) do work[list] = {} end
  for _, d in ipairs(changes) do drop(work, d[D_GROUP], { 0, d[D_KEY], d[D_MEMBER] }) end
  work.hidden_dels = {}
end

-- Folds the groups' changes, and ignores those of closed buckets. Returns how the figure's partials
-- were lost, if they were.
function rollups.fold(work, changes, tick)
  local open, groups = {}, {}
  for _, d in ipairs(changes) do
    if d[D_CLOSES] == 0 or d[D_CLOSES] > tick then
      open[#open + 1], groups[#groups + 1] = d, d[D_GROUP]
    end
  end
  if not work.lost then
    local refused = each_hidden(work.spec.hidden, groups, function(i, packed) fold_group(work, open[i], packed) end)
    work.lost = work.lost or refused
  end
  if work.lost then withdraw(work, open) end
  return work.lost
end

-- Closes due buckets, at most SLICE per call. Returns buckets of figures that no longer exist.
function rollups.close(works_by_name, tick)
  local due = redis.pcall('ZRANGE', PREFIX .. 'closing', '-inf', format('%.0f', tick), 'BYSCORE', 'LIMIT', 0, SLICE)
  local groups, unknown = {}, {}
  if due.err then return unknown end
  for _, member in ipairs(due) do
    local bucket = cmsgpack.unpack(member)
    local work = works_by_name[bucket[1]]
    if work and not work.lost then
      push(groups, bucket[1], bucket[2])
      push(work, 'closing_removes', member)
    elseif not work then -- else it closes when the figure is filled again
      unknown[#unknown + 1] = member
    end
  end
  for name, list in pairs(groups) do
    local work = works_by_name[name]
    each_hidden(work.spec.hidden, list, function(i, packed)
      local entry = packed and entry_of(work.spec, packed)
      if entry then drop(work, list[i], entry) end
    end)
  end
  return unknown
end

-- Writes the work.
function rollups.commit(outcome, work)
  local spec, figure = work.spec, work.figure
  places.run_slices(outcome, figure, 'DEL', nil, work.dels)
  places.run_slices(outcome, figure, 'MSET', nil, work.sets)
  local zset = spec.target == 'zset'
  for key, list in pairs(work.removes) do
    places.run_slices(outcome, figure, zset and 'ZREM' or 'HDEL', key, list)
  end
  for key, list in pairs(work.adds) do
    places.run_slices(outcome, figure, zset and 'ZADD' or 'HSET', key, list)
  end
  local written = outcome.commands -- hidden partials don't count as places
  places.run_slices(outcome, figure, 'HDEL', spec.hidden, work.hidden_dels)
  places.run_slices(outcome, figure, 'HSET', spec.hidden, work.hidden_sets)
  places.run_slices(outcome, figure, 'ZREM', PREFIX .. 'closing', work.closing_removes)
  places.run_slices(outcome, figure, 'ZADD', PREFIX .. 'closing', work.closing_adds)
  if not work.lost and (work.grows or #work.hidden_dels > 0) then parts.note_groups(spec, work.groups) end
  outcome.commands = written
end

-- Returns the content of a group's place for each output, by the output's index. Second result:
-- Redis's error if the key has another type.
local function standing(spec, key, member)
  local out, refused = {}, nil
  for i, o in ipairs(spec.outputs) do
    local have
    if spec.target == 'hash' then
      have = redis.pcall('HGET', key, o.label)
    elseif spec.target == 'field' then
      have = redis.pcall('HGET', key, member)
    elseif spec.target == 'zset' then
      have = redis.pcall('ZSCORE', key, member)
    else
      have = redis.pcall('GET', key)
    end
    out[i] = type(have) == 'string' and have or nil
    refused = refused or type(have) == 'table' and have.err
  end
  return out, refused
end

-- Returns whether the place has an output's text. In JSON, searches the aggregates in order,
-- because the partials don't contain the keys that it shows.
local function stands(spec, o, text, have, from)
  if spec.target == 'json' then
    local _, last = string.find(have or '', o.label .. (text or 'null'), from, true)
    local after = last and sub(have, last + 1, last + 1)
    return after == ',' or after == '}', last
  end
  if spec.target ~= 'zset' then return have == text end
  if not text or text == 'NaN' then return have == nil end
  return have ~= nil and tonumber(have) == tonumber(text)
end

-- Returns the key of the group's place if its content differs, and Redis's error if it has another
-- type.
local function differs(spec, entry)
  local key, from = spec.key or entry[KEY], 1
  local have, refused = standing(spec, key, entry[MEMBER])
  if refused then return key, refused end
  for i, o in ipairs(spec.outputs) do
    if o.aggregate > 0 then
      local text = show(entry, spec.aggregates[o.aggregate], spec.target == 'json')
      local as_written, last = stands(spec, o, text, have[i], from)
      if not as_written then return key end
      from = last or from
    end
  end
end

-- ARGV: a figure's spec, a cursor ('0' to begin), number of groups. Compares their places with
-- their partials, and marks the figure if one differs. Returns the next cursor.
local function walk(_, argv)
  local spec = rollups.spec(cmsgpack.unpack(argv[1]))
  local scanned = redis.pcall('HSCAN', spec.hidden, argv[2], 'COUNT', argv[3])
  if scanned.err then return '0' end
  for i = 1, #scanned[2], 2 do
    local entry = entry_of(spec, scanned[2][i + 1])
    local key, refused = nil, nil
    if entry then key, refused = differs(spec, entry) end
    if key then
      parts.touched(spec.name, key, refused)
      return '0'
    end
  end
  return scanned[1]
end

register('walk', walk)

-- ARGV: a figure's spec, a cell and its owner. Deletes a slice of its places and hidden partials,
-- and keys of another type in their way. Returns how many groups are left; -1: another node owns
-- the cell.
local function retire(_, argv)
  if argv[2] and redis.call('HGET', ledger.key(argv[2]), 'owner') ~= argv[3] then return -1 end
  local spec = rollups.spec(cmsgpack.unpack(argv[1]))
  parts.prepare(spec)
  local work, outcome = rollups.work(0, spec), places.outcome()
  local scanned = redis.call('HSCAN', spec.hidden, 0, 'COUNT', SLICE)[2]
  for i = 1, #scanned, 2 do
    local entry = entry_of(spec, scanned[i + 1])
    if entry then drop(work, scanned[i], entry) else push(work, 'hidden_dels', scanned[i]) end
    push(work, 'closing_removes', closing_member(spec, scanned[i]))
  end
  rollups.commit(outcome, work)
  if spec.newest then
    local touched = {}
    newest.touch_work(touched, spec.newest, work)
    newest.write(outcome, touched)
  end
  redis.call('HDEL', PREFIX .. 'failed', spec.name)
  local left = redis.call('HLEN', spec.hidden)
  if left == 0 then parts.forget(spec) end
  return left
end

register('retire', retire, { 'allow-oom' })
