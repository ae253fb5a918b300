-- uses: alerts, decimal
-- The cells' ledger. A cell's hash has its fencing token (owner), the number of its last flush, and
-- its position in each source (fields p:HALF:HALF). It also has the generation of the state
-- log, and its number of blocks (length; missing in older ledgers). With figures that have now(), `span` is
-- TICK:NEXT: what now() was in the last flush, and when the clock changes a figure next. A cell's name
-- is SHARD:ENTITY.
local ledger = {}

function ledger.key(cell) return PREFIX .. 'cell:' .. cell end
function ledger.log(cell, generation) return PREFIX .. 'log:' .. cell .. ':' .. generation end
-- The key of a compaction has its writer's token, so two owners never write the same one.
function ledger.copy(cell, name) return PREFIX .. 'copy:' .. cell .. ':' .. name end

-- The fields of one cell's part of a flush, as pack.cpp packs them.
local CELL, OWNER, EXPECTED, NUMBER, GENERATION, NEXT_GENERATION = 1, 2, 3, 4, 5, 6
local BLOCK, COPY_BLOCK, BLOCK_TOO, COPY_LENGTH, POSITIONS, SPAN, ALERTS, DECLARED = 7, 8, 9, 10, 11, 12, 13, 14

-- Returns a state log's number of blocks; -1 if the key has another type.
function ledger.length(cell, generation)
  local have = redis.pcall('LLEN', ledger.log(cell, generation))
  return type(have) == 'number' and have or -1
end

local function copy_name(c) return c[NEXT_GENERATION] .. ':' .. c[OWNER] end

-- Returns the blocks that this flush appends to the compaction, as indexes into ARGV.
local function copied_blocks(c)
  local out = {}
  if c[COPY_BLOCK] > 0 then out[1] = c[COPY_BLOCK] end
  if c[BLOCK_TOO] and c[BLOCK] > 0 then out[#out + 1] = c[BLOCK] end
  return out
end

-- Returns FENCED or STALE and the first cell that may not write, or nothing. Only reads.
function ledger.refused(cells)
  for i = 1, #cells do
    local c = cells[i]
    local have = redis.call('HMGET', ledger.key(c[CELL]), 'owner', 'number', 'length')
    if have[1] ~= c[OWNER] then return 'FENCED', i end
    if have[2] ~= c[EXPECTED] then return 'STALE', i end
    if c[BLOCK] > 0 then
      c.there = ledger.length(c[CELL], c[GENERATION])
      c.noted = have[3] and tonumber(have[3]) or c.there
    end
    if c[COPY_LENGTH] > 0 then
      local length = redis.call('LLEN', ledger.copy(c[CELL], copy_name(c)))
      if length + #copied_blocks(c) ~= c[COPY_LENGTH] then return 'STALE', i end
    end
  end
end

local function append(c, argv, fields)
  local log = ledger.log(c[CELL], c[GENERATION])
  if c[BLOCK] > 0 then
    if c.there < 0 then redis.call('UNLINK', log) end
    redis.call('RPUSH', log, argv[c[BLOCK]])
    fields[#fields + 1], fields[#fields + 2] = 'length', format('%.0f', c.noted + 1)
  end
  local copy, blocks = ledger.copy(c[CELL], copy_name(c)), copied_blocks(c)
  for i = 1, #blocks do redis.call('RPUSH', copy, argv[blocks[i]]) end
  if c[COPY_LENGTH] == 0 then
    if #blocks > 0 then
      fields[#fields + 1], fields[#fields + 2] = 'copy', copy_name(c)
    end
    return
  end
  redis.call('RENAME', copy, ledger.log(c[CELL], c[NEXT_GENERATION]))
  redis.call('UNLINK', log)
  redis.call('HDEL', ledger.key(c[CELL]), 'copy')
  fields[#fields + 1], fields[#fields + 2] = 'generation', c[NEXT_GENERATION]
  fields[#fields + 1], fields[#fields + 2] = 'length', format('%.0f', c[COPY_LENGTH])
end

-- Appends the state, then sets numbers and positions. Returns the cells whose state log lost
-- blocks: only their node's memory has all of their rows.
function ledger.write(cells, argv)
  local broken = {}
  for i = 1, #cells do
    local c = cells[i]
    local fields = c[POSITIONS]
    append(c, argv, fields)
    fields[#fields + 1], fields[#fields + 2] = 'number', c[NUMBER]
    if c[SPAN] ~= '' then fields[#fields + 1], fields[#fields + 2] = 'span', c[SPAN] end
    for first = 1, #fields, SLICE do
      redis.call('HSET', ledger.key(c[CELL]), unpack(fields, first, math.min(first + SLICE - 1, #fields)))
    end
    if c[COPY_LENGTH] == 0 and c.there ~= c.noted then broken[#broken + 1] = i end
  end
  return broken
end

-- Writes what the cells' alerts do, and notes how many fields each cell's alerts have. Of a cell that lost
-- some, it notes a number that no hash has until the cell writes all of them again: appends it to `broken`.
-- `before` precedes users' keys.
function ledger.write_alerts(cells, before, broken)
  for i = 1, #cells do
    local c = cells[i]
    if #c[ALERTS] > 0 or #c[DECLARED] > 0 then
      local noted = redis.call('HGET', ledger.key(c[CELL]), 'alerts')
      local whole = not noted or tonumber(noted) == alerts.count(c[CELL]) or alerts.begin_anew(c[ALERTS])
      alerts.write(before, c[CELL], c[ALERTS], c[DECLARED])
      redis.call('HSET', ledger.key(c[CELL]), 'alerts', whole and format('%.0f', alerts.count(c[CELL])) or '-2')
      if not whole then broken[#broken + 1] = i end
    end
  end
end

-- Returns whether a cell's hash or state log lost data. A live ledger has all cells.
function ledger.is_broken(cell, live)
  local have = redis.call('HMGET', ledger.key(cell), 'number', 'generation', 'length', 'alerts')
  if not have[1] then return live end
  if have[4] and alerts.count(cell) ~= tonumber(have[4]) then return true end
  return have[3] and ledger.length(cell, have[2]) ~= tonumber(have[3])
end

-- ARGV: the ledger's incarnation ('' for any). For each cell: its name, the new token, and the
-- token from which it is reloaded ('' for a claim). Claims all cells or none. Returns OK, then for
-- each cell {number, generation, length of the state log, {field, value, ...}}.
local function claim(_, argv)
  if argv[1] ~= '' and redis.call('HGET', PREFIX .. 'format', 'life') ~= argv[1] then return { 'OTHER' } end
  for at = 2, #argv, 3 do
    local owner = redis.call('HGET', ledger.key(argv[at]), 'owner')
    if argv[at + 2] ~= '' and owner ~= argv[at + 2] then return { 'FENCED', (at + 1) / 3 } end
  end
  local out = { 'OK' }
  local live = argv[1] ~= '' and redis.call('HGET', PREFIX .. 'format', 'phase') == 'live'
  for at = 2, #argv, 3 do
    local cell, key = argv[at], ledger.key(argv[at])
    redis.call('HSETNX', key, 'owner', '')
    if redis.call('HSETNX', key, 'number', '0') == 1 and live then
      redis.call('HSET', key, 'length', '-1') -- a live ledger had this cell: what it had is lost
    end
    redis.call('HSETNX', key, 'generation', '0')
    local left = redis.call('HGET', key, 'copy')
    if left then
      redis.call('UNLINK', ledger.copy(cell, left))
      redis.call('HDEL', key, 'copy')
    end
    redis.call('HSET', key, 'owner', argv[at + 1])
    local have = redis.call('HMGET', key, 'number', 'generation')
    out[#out + 1] = { have[1], have[2], ledger.length(cell, have[2]), redis.call('HGETALL', key) }
  end
  return out
end

register('claim', claim)
