-- OpenWrt's configuration: files in /etc/config, staged changes ("deltas") beside them, and the rules by which the two become one.
local M = { CONFIG = '/etc/config', STAGED = '/tmp/.uci' }

local function fail(status, text)
	error({ status = status, text = text }, 0)
end
local function invalid() fail('invalid', 'Invalid argument') end
local function missing() fail('missing', 'Entry not found') end
M.fail, M.invalid, M.missing = fail, invalid, missing

function M.is_name(text) return text:find('^[%w_]+$') ~= nil end
local function is_package(text) return text:find('^[%w_%-]+$') ~= nil end
local function is_type(text) return text:find('^[%w_%-%.%+]+$') ~= nil end

--- Splits one command or one line of a file into words, the way uci does: quotes, backslashes, `#` to the end of the line.
-- Values in quotes may hold newlines. Returns an array of lines, each an array of words.
function M.words(text, file)
	local lines, line, word, position = {}, {}, nil, 1
	local function end_word()
		if word then line[#line + 1], word = word, nil end
	end
	local function end_line()
		end_word()
		if #line > 0 then lines[#lines + 1], line = line, {} end
	end
	while position <= #text do
		local character = text:sub(position, position)
		if character == "'" then
			local close = text:find("'", position + 1, true)
			if not close then fail('parse', 'Parse error (unterminated \') in ' .. (file or 'input')) end
			word, position = (word or '') .. text:sub(position + 1, close - 1), close
		elseif character == '"' then
			word, position = word or '', position + 1
			while text:sub(position, position) ~= '"' do
				if position > #text then fail('parse', 'Parse error (unterminated ") in ' .. (file or 'input')) end
				if text:sub(position, position) == '\\' then position = position + 1 end
				word, position = word .. text:sub(position, position), position + 1
			end
		elseif character == '\\' then
			position = position + 1
			if text:sub(position, position) ~= '\n' then word = (word or '') .. text:sub(position, position) end
		elseif character == '\n' or character == ';' then
			end_line()
		elseif character == '#' and not word then
			position = (text:find('\n', position, true) or #text + 1) - 1
		elseif character:find('%s') then
			end_word()
		else
			word = (word or '') .. character
		end
		position = position + 1
	end
	end_line()
	return lines
end

function M.quote(value) return "'" .. value:gsub("'", "'\\''") .. "'" end

local function hash(text)
	local sum = 5381
	for index = 1, #text do sum = ((sum << 5) + sum + text:byte(index)) & 0xffffffff end
	return (sum & 0x7fffffff) % 65536
end

-- A section is { name, type, anonymous, order = { option names }, values = { name = string or array } }.
local function add_section(package, type, name)
	if not is_type(type) then invalid() end
	package.count = package.count + 1
	local section = {
		type = type, anonymous = name == nil, order = {}, values = {},
		name = name or string.format('cfg%02x%04x', package.count, hash(type)),
	}
	package.sections[#package.sections + 1] = section
	return section
end

local function find_section(package, name)
	for index, section in ipairs(package.sections) do
		if section.name == name then return section, index end
	end
end

--- Finds a section by name or by `@type[index]` (negative: from the end).
function M.section(package, reference)
	local type, wanted = reference:match('^@([^%[]*)%[(%-?%d+)%]$')
	if not type then
		if reference:sub(1, 1) == '@' then invalid() end
		return find_section(package, reference)
	end
	local matching = {}
	for _, section in ipairs(package.sections) do
		if type == '' or section.type == type then matching[#matching + 1] = section end
	end
	wanted = tonumber(wanted)
	return matching[wanted < 0 and #matching + wanted + 1 or wanted + 1]
end

local function put(section, option, value)
	if section.values[option] == nil then section.order[#section.order + 1] = option end
	section.values[option] = value
end

local function remove(section, option)
	section.values[option] = nil
	for index, name in ipairs(section.order) do
		if name == option then table.remove(section.order, index) end
	end
end

local function as_list(value)
	if value == nil then return {} end
	return type(value) == 'table' and value or { value }
end
M.as_list = as_list

--- Reads the text of a configuration file.
function M.parse(text, name)
	local package = { name = name, sections = {}, count = 0 }
	local section
	for _, words in ipairs(M.words(text, name)) do
		local keyword, first, second = words[1], words[2], words[3]
		if keyword == 'config' and first and #words <= 3 then
			local existing = second and find_section(package, second)
			if second and not M.is_name(second) then invalid() end
			section = existing or add_section(package, first, second)
		elseif keyword == 'option' and section and #words == 3 then
			if not M.is_name(first) then invalid() end
			put(section, first, second)
		elseif keyword == 'list' and section and #words == 3 then
			if not M.is_name(first) then invalid() end
			local list = as_list(section.values[first])
			list[#list + 1] = second
			put(section, first, list)
		elseif keyword ~= 'package' then
			fail('parse', 'Parse error (invalid command) in ' .. (name or 'input'))
		end
	end
	return package
end

--- The text of a configuration file.
function M.format(package)
	local out = {}
	for _, section in ipairs(package.sections) do
		out[#out + 1] = '\nconfig ' .. section.type .. (section.anonymous and '' or ' ' .. M.quote(section.name)) .. '\n'
		for _, option in ipairs(section.order) do
			local value = section.values[option]
			local keyword = type(value) == 'table' and 'list' or 'option'
			for _, item in ipairs(as_list(value)) do
				out[#out + 1] = '\t' .. keyword .. ' ' .. option .. ' ' .. M.quote(item) .. '\n'
			end
		end
	end
	return table.concat(out) .. '\n'
end

local function read(path)
	local file = io.open(path, 'rb')
	if not file then return nil end
	local text = file:read('a')
	file:close()
	return text
end
M.read_file = read

local function write(path, text)
	local temporary = path .. '.new'
	local file = assert(io.open(temporary, 'wb'))
	file:write(text)
	file:close()
	assert(os.rename(temporary, path))
end
M.write_file = write

--- One change, as a delta line holds it: { op, section, option, value }.
-- Operations: '' set, '-' delete, '|' append to a list, '~' take out of a list, '@' rename, '+' add, '^' reorder.
function M.apply(package, change)
	local op, option, value = change.op, change.option, change.value
	if op == '+' then
		local section = add_section(package, value)
		section.name = change.section
		return
	end
	local section, index = find_section(package, change.section)
	if op == '' and not option then
		if section then section.type = value else add_section(package, value, change.section) end
		return
	end
	if not section then return end
	if op == '' then
		put(section, option, value)
	elseif op == '-' then
		if option then remove(section, option) else table.remove(package.sections, index) end
	elseif op == '|' then
		local list = as_list(section.values[option])
		list[#list + 1] = value
		put(section, option, list)
	elseif op == '~' then
		local kept = {}
		for _, item in ipairs(as_list(section.values[option])) do
			if item ~= value then kept[#kept + 1] = item end
		end
		if #kept > 0 then put(section, option, kept) else remove(section, option) end
	elseif op == '@' then
		if option then
			put(section, value, section.values[option])
			remove(section, option)
		else
			section.name, section.anonymous = value, false
		end
	elseif op == '^' then
		table.remove(package.sections, index)
		table.insert(package.sections, math.min(tonumber(value) + 1, #package.sections + 1), section)
	end
end

function M.format_change(package_name, change)
	local key = change.op .. package_name .. '.' .. change.section .. (change.option and '.' .. change.option or '')
	return change.value and key .. '=' .. M.quote(change.value) or key
end

local function parse_change(word)
	local op, rest = word:match('^([%-|~@+^]?)(.*)$')
	local key, value = rest:match('^([^=]*)=(.*)$')
	local _, section, option = (key or rest):match('^([^.]+)%.([^.]+)%.?(.*)$')
	if not section then return nil end
	return { op = op, section = section, option = option ~= '' and option or nil, value = value }
end

--- The staged changes of a package, oldest first.
function M.changes(name, staged)
	local changes = {}
	for _, words in ipairs(M.words((read(staged .. '/' .. name) or ''), name)) do
		changes[#changes + 1] = parse_change(words[1])
	end
	return changes
end

--- Reads a package with its staged changes applied.
-- @param place { config = folder, staged = { folders, the last is where new changes go } }
function M.load(name, place)
	if not is_package(name) then invalid() end
	local text = read(place.config .. '/' .. name)
	if not text then missing() end
	local package = M.parse(text, name)
	for _, staged in ipairs(place.staged) do
		for _, change in ipairs(M.changes(name, staged)) do M.apply(package, change) end
	end
	return package
end

--- Stages a change: applies it to the package in hand and appends it to the newest staging folder.
function M.stage(package, place, change)
	M.apply(package, change)
	local folder = place.staged[#place.staged]
	if not os.rename(folder, folder) then os.execute('mkdir -p -m 0700 ' .. M.quote(folder)) end
	local file = assert(io.open(folder .. '/' .. package.name, 'ab'))
	file:write(M.format_change(package.name, change), '\n')
	file:close()
end

--- Stages a new anonymous section and returns its name: its place in the file and a hash of its type, as uci makes it.
function M.add(package, place, type)
	local count, name = package.count, nil
	repeat
		count = count + 1
		name = string.format('cfg%02x%04x', count, hash(type))
	until not find_section(package, name)
	M.stage(package, place, { op = '+', section = name, value = type })
	return name
end

--- Writes the package with all staged changes to its file and forgets them. Without changes nothing is written.
function M.commit(name, place)
	local package, changed = M.load(name, place), false
	for _, staged in ipairs(place.staged) do
		changed = #M.changes(name, staged) > 0 or changed
	end
	if changed then write(place.config .. '/' .. name, M.format(package)) end
	for _, staged in ipairs(place.staged) do os.remove(staged .. '/' .. name) end
	return changed
end

local function list_folder(folder)
	local names = {}
	local pipe = io.popen('ls -1 ' .. M.quote(folder) .. ' 2>/dev/null')
	for name in pipe:lines() do
		if is_package(name) then names[#names + 1] = name end
	end
	pipe:close()
	return names
end

--- Names of all packages there are, and of those with staged changes in a folder.
function M.packages(place) return list_folder(place.config) end
function M.staged_packages(folder) return list_folder(folder) end

--- What a program of the router itself reads: committed and staged, as fw4 does.
function M.current(name)
	local ok, package = pcall(M.load, name, { config = M.CONFIG, staged = { M.STAGED } })
	if ok then return package end
	if type(package) == 'table' and package.status == 'missing' then return { name = name, sections = {}, count = 0 } end
	error(package, 0)
end

return M
