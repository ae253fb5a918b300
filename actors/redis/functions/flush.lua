-- One flush of a node's cells: all of it, or nothing and the name of the first
-- cell that may not write.
-- ARGV: 1 {tick, cells, counters (key, amount, ...), heads of the commands, names of the figures}
--       2 rolled-up figures {{number, spec, changes}, ...}
--       3 the commands' arguments    4... state blocks
-- Returns OK, commands, {figure, Redis's words, ...}  or  FENCED/STALE, cell.

-- A clock that goes back reopens nothing.
local function greatest_tick(tick)
  local seen = tonumber(redis.call('GET', PREFIX .. 'tick') or '0') or 0
  if tick <= seen then return seen, false end
  return tick, true
end

local function fold_all(rolled, tick, outcome)
  local works, by_name = {}, {}
  for i, r in ipairs(rolled) do
    works[i] = rollups.work(r[1], rollups.spec(r[2]))
    by_name[works[i].spec.name] = works[i]
  end
  local gone = rollups.close(by_name, tick)
  for i, r in ipairs(rolled) do
    local refused = rollups.fold(works[i], r[3], tick)
    if refused then outcome.failed[r[1]] = refused end
  end
  return works, gone
end

local function count_records(outcome, counters)
  for i = 1, #counters, 2 do
    places.run(outcome, -1, 'INCRBY', counters[i], counters[i + 1])
  end
end

-- Remembers the figures that failed, by name, until the next rebuild.
local function remember(outcome, names)
  local out = {}
  for figure, words in pairs(outcome.failed) do
    redis.pcall('HSETNX', PREFIX .. 'failed', figure == -1 and 'cdc:stats' or names[figure] or tostring(figure), words)
    if figure >= 0 then out[#out + 1], out[#out + 2] = figure, words end
  end
  return out
end

local function flush(_, argv)
  local head = cmsgpack.unpack(argv[1])
  local verdict, cell = ledger.refused(head[2])
  if verdict then return { verdict, cell } end

  -- Nothing is written before all that may fail has been read and computed.
  local outcome = places.outcome()
  local tick, newer = greatest_tick(head[1])
  local works, gone = fold_all(cmsgpack.unpack(argv[2]), tick, outcome)
  local args = cmsgpack.unpack(argv[3])

  ledger.write(head[2], argv)
  if newer then redis.call('SET', PREFIX .. 'tick', format('%.0f', tick)) end
  places.write(outcome, head[4], args)
  for _, work in ipairs(works) do rollups.commit(outcome, work) end
  places.run_slices(outcome, -1, 'ZREM', PREFIX .. 'closing', gone)
  count_records(outcome, head[3])
  return { 'OK', outcome.commands, remember(outcome, head[5]) }
end

register('flush', flush)
