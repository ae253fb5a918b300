-- Exact integers of any length. Below 2^53 in size they are numbers, else decimal text, because
-- Lua's numbers are doubles.
local decimal = {}

local EXACT = 9007199254740991
local BASE, WIDTH = 10000000, 7
-- While Redis loads a library, it hides globals, but not the methods of strings.
local format, rep, sub = ('').format, ('').rep, ('').sub
local function floor(x) return x - x % 1 end

-- Returns the text of an integer in either form.
function decimal.text(x)
  if type(x) == 'number' then return format('%.0f', x) end
  return x
end

-- Returns whether the integer is negative, and its digits.
local function split(x)
  local text = decimal.text(x)
  if sub(text, 1, 1) == '-' then return true, sub(text, 2) end
  return false, text
end

-- Returns limbs of seven digits, least significant first.
local function limbs(digits)
  local out, n = {}, 0
  for last = #digits, 1, -WIDTH do
    n = n + 1
    out[n] = tonumber(sub(digits, last - WIDTH + 1 > 1 and last - WIDTH + 1 or 1, last))
  end
  return out
end

local function joined(negative, l)
  local n = #l
  while n > 1 and l[n] == 0 do n = n - 1 end
  local parts = { format('%.0f', l[n]) }
  for i = n - 1, 1, -1 do parts[#parts + 1] = format('%07.0f', l[i]) end
  local digits = table.concat(parts)
  if #digits <= 15 then
    local x = tonumber(digits)
    return negative and x ~= 0 and -x or x
  end
  return negative and '-' .. digits or digits
end

local function add_sizes(a, b)
  local out, carry = {}, 0
  for i = 1, math.max(#a, #b) do
    local x = (a[i] or 0) + (b[i] or 0) + carry
    carry = x >= BASE and 1 or 0
    out[i] = x - carry * BASE
  end
  if carry > 0 then out[#out + 1] = carry end
  return out
end

-- Returns a - b, all as limbs. Requires a >= b.
local function subtract_sizes(a, b)
  local out, borrow = {}, 0
  for i = 1, #a do
    local x = a[i] - (b[i] or 0) - borrow
    borrow = x < 0 and 1 or 0
    out[i] = x + borrow * BASE
  end
  return out
end

-- Compares digits without leading zeros, so that the shorter one is smaller.
local function smaller(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

-- Returns the exact sum.
function decimal.add(a, b)
  if type(a) == 'number' and type(b) == 'number' then
    local x = a + b
    if x <= EXACT and x >= -EXACT then return x end
  end
  local a_negative, a_digits = split(a)
  local b_negative, b_digits = split(b)
  if a_negative == b_negative then
    return joined(a_negative, add_sizes(limbs(a_digits), limbs(b_digits)))
  end
  if smaller(a_digits, b_digits) then
    a_negative, a_digits, b_digits = b_negative, b_digits, a_digits
  end
  return joined(a_negative, subtract_sizes(limbs(a_digits), limbs(b_digits)))
end

-- Returns whether a < b, both as decimal text.
function decimal.less(a, b)
  if #a <= 15 and #b <= 15 then return tonumber(a) < tonumber(b) end
  local a_negative, a_digits = split(a)
  local b_negative, b_digits = split(b)
  if a_negative ~= b_negative then return a_negative end
  if a_negative then return smaller(b_digits, a_digits) end
  return smaller(a_digits, b_digits)
end

-- Returns the text of x / 10^scale with all its decimals.
function decimal.scaled(x, scale)
  if scale == 0 then return decimal.text(x) end
  local negative, digits = split(x)
  if #digits <= scale then digits = rep('0', scale + 1 - #digits) .. digits end
  return (negative and '-' or '') .. sub(digits, 1, #digits - scale) .. '.' .. sub(digits, -scale)
end

-- Returns weight and first digit in base 10,000, as in numeric.c.
local function head(digits, scale)
  if digits == '0' then return 0, 0 end
  local exponent = #digits - scale - 1
  local weight = floor(exponent / 4)
  local size = exponent - weight * 4 + 1
  local first = sub(digits, 1, size)
  return weight, tonumber(first .. rep('0', size - #first))
end

-- PostgreSQL's select_div_scale (numeric.c): 16 significant digits at least.
local function division_scale(digits, scale, divisor)
  local weight, first = head(digits, scale)
  local by_weight, by_first = head(divisor, 0)
  local quotient = weight - by_weight
  if first <= by_first then quotient = quotient - 1 end
  local out = 16 - quotient * 4
  if out < scale then out = scale end
  if out < 0 then out = 0 end
  if out > 1000 then out = 1000 end
  return out
end

-- Returns the quotient's digits (integer) and the remainder of digits / n.
local function divided(digits, n)
  local width = n < 900000000 and WIDTH or 1 -- remainder * 10^width stays below 2^53
  local base = width == WIDTH and BASE or 10
  digits = rep('0', -#digits % width) .. digits
  local out, rest = {}, 0
  for at = 1, #digits, width do
    local x = rest * base + tonumber(sub(digits, at, at + width - 1))
    rest = x % n
    out[#out + 1] = format(width == 1 and '%.0f' or '%07.0f', (x - rest) / n)
  end
  local text = string.gsub(table.concat(out), '^0+', '')
  return text == '' and '0' or text, rest
end

-- Returns the text of avg: (x / 10^scale) / n as PostgreSQL's numeric prints it,
-- rounded half away from zero. n > 0.
function decimal.average(x, scale, n)
  local negative, digits = split(x)
  local places = division_scale(digits, scale, format('%.0f', n))
  local quotient, rest = divided(digits .. rep('0', places - scale), n)
  if rest * 2 >= n then quotient = decimal.text(decimal.add(quotient, 1)) end
  if negative and quotient ~= '0' then quotient = '-' .. quotient end
  return decimal.scaled(quotient, places)
end
