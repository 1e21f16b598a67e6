-- JSON with the order of keys kept, printed the way ubus prints it.
local M = {}

local ORDERED, ARRAY = {}, {}

--- An object with its keys in this order; pairs whose value is nil are left out: object('a', 1, 'b', nil).
function M.object(...)
	local keys, values = {}, {}
	for index = 1, select('#', ...), 2 do
		local key, value = select(index, ...)
		if value ~= nil then
			keys[#keys + 1] = key
			values[key] = value
		end
	end
	return setmetatable(values, { kind = ORDERED, keys = keys })
end

--- An array, also when it is empty.
function M.array(items) return setmetatable(items, { kind = ARRAY }) end

--- Appends a key to an object made here.
function M.set(object, key, value)
	local keys = getmetatable(object).keys
	if object[key] == nil then keys[#keys + 1] = key end
	object[key] = value
end

local ESCAPES = { ['"'] = '\\"', ['\\'] = '\\\\', ['\n'] = '\\n', ['\r'] = '\\r', ['\t'] = '\\t', ['\b'] = '\\b', ['\f'] = '\\f' }
local function text(value)
	return '"' .. value:gsub('[%c"\\\127]', function(character)
		return ESCAPES[character] or ('\\u%04x'):format(character:byte())
	end) .. '"'
end

local function keys_of(value)
	local meta = getmetatable(value)
	if meta and meta.kind == ORDERED then return meta.keys end
	if (meta and meta.kind == ARRAY) or #value > 0 then return nil end
	local keys = {}
	for key in pairs(value) do keys[#keys + 1] = key end
	table.sort(keys)
	return keys
end

--- Prints a value; `indent` is nil for one line (ubus -S) or the depth to start from.
function M.encode(value, indent)
	if type(value) == 'string' then return text(value) end
	if type(value) == 'number' then return math.type(value) == 'integer' and tostring(value) or ('%f'):format(value) end
	if type(value) ~= 'table' then return value == nil and 'null' or tostring(value) end
	local inner = indent and indent + 1
	local keys, parts = keys_of(value), {}
	if keys then
		for index, key in ipairs(keys) do
			parts[index] = text(key) .. (indent and ': ' or ':') .. M.encode(value[key], inner)
		end
	else
		for index, item in ipairs(value) do parts[index] = M.encode(item, inner) end
	end
	local open, close = keys and '{' or '[', keys and '}' or ']'
	if not indent then return open .. table.concat(parts, ',') .. close end
	local pad = '\n' .. ('\t'):rep(inner)
	return open .. pad .. table.concat(parts, ',' .. pad) .. '\n' .. ('\t'):rep(indent) .. close
end

local function decode_error() error({ status = 'json' }, 0) end

local UNESCAPES = { n = '\n', r = '\r', t = '\t', b = '\b', f = '\f' }
local function decode_text(source, position)
	local out = {}
	while true do
		local stop = source:find('["\\]', position)
		if not stop then decode_error() end
		out[#out + 1] = source:sub(position, stop - 1)
		if source:sub(stop, stop) == '"' then return table.concat(out), stop + 1 end
		local escape = source:sub(stop + 1, stop + 1)
		if escape == 'u' then
			local code = tonumber(source:sub(stop + 2, stop + 5), 16)
			if not code then decode_error() end
			position = stop + 6
			local low = source:match('^\\u(%x%x%x%x)', position)
			if code >= 0xd800 and code < 0xdc00 and low then
				code = 0x10000 + ((code - 0xd800) << 10) + (tonumber(low, 16) - 0xdc00)
				position = position + 6
			end
			out[#out + 1] = utf8.char(code)
		else
			out[#out + 1] = UNESCAPES[escape] or escape
			position = stop + 2
		end
	end
end

local decode_value

local function decode_members(source, position, close, member)
	position = source:find('%S', position) or decode_error()
	if source:sub(position, position) == close then return position + 1 end
	while true do
		position = member(position)
		position = source:find('%S', position) or decode_error()
		local character = source:sub(position, position)
		if character == close then return position + 1 end
		if character ~= ',' then decode_error() end
		position = source:find('%S', position + 1) or decode_error()
	end
end

function decode_value(source, position)
	position = source:find('%S', position) or decode_error()
	local character = source:sub(position, position)
	if character == '"' then return decode_text(source, position + 1) end
	if character == '{' then
		local object = M.object()
		return object, decode_members(source, position + 1, '}', function(at)
			if source:sub(at, at) ~= '"' then decode_error() end
			local key, value
			key, at = decode_text(source, at + 1)
			at = source:match('^%s*:()', at) or decode_error()
			value, at = decode_value(source, at)
			if value ~= nil then M.set(object, key, value) end
			return at
		end)
	end
	if character == '[' then
		local array = M.array({})
		return array, decode_members(source, position + 1, ']', function(at)
			local value
			value, at = decode_value(source, at)
			array[#array + 1] = value
			return at
		end)
	end
	for word, value in pairs({ ['true'] = true, ['false'] = false }) do
		if source:sub(position, position + #word - 1) == word then return value, position + #word end
	end
	if source:sub(position, position + 3) == 'null' then return nil, position + 4 end
	local number, after = source:match('^(%-?%d+%.?%d*[eE]?[+-]?%d*)()', position)
	if not number then decode_error() end
	return math.tointeger(tonumber(number)) or tonumber(number), after
end

--- Parses JSON. Throws { status = 'json' }.
function M.decode(source)
	local value, position = decode_value(source, 1)
	if source:find('%S', position) then decode_error() end
	return value
end

--- True for arrays.
function M.is_array(value) return type(value) == 'table' and keys_of(value) == nil end

return M
