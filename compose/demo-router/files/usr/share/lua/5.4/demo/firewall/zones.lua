-- Zones of /etc/config/firewall, and the small words that all sections share.
local uci = require('demo.uci')

local M = {}

--- Says on standard error why a section is skipped.
function M.warn(section, format, ...)
	local name = section.values.name and (' (' .. section.values.name .. ')') or ''
	io.stderr:write('[!] Section ', section.anonymous and '@' .. section.type or section.name, name, ' ', format:format(...), '\n')
end

--- The truth of a uci option.
function M.flag(value, default)
	if value == nil then return default end
	return value == '1' or value == 'yes' or value == 'on' or value == 'true' or value == 'enabled'
end

--- Values of a list option, also when it was written as one option with spaces.
function M.items(value)
	local all = {}
	for _, entry in ipairs(uci.as_list(value)) do
		for item in entry:gmatch('%S+') do all[#all + 1] = item end
	end
	return all
end

--- One element, or a set of them, in nft's words.
function M.set_of(list)
	return #list == 1 and list[1] or '{ ' .. table.concat(list, ', ') .. ' }'
end

function M.quoted(list)
	local all = {}
	for index, item in ipairs(list) do all[index] = '"' .. item .. '"' end
	return all
end

local network = uci.current('network')
--- Policies of the base chains; zones by name, and in their order.
M.defaults, M.named, M.order = { input = 'reject', output = 'reject', forward = 'reject' }, {}, {}
M.VERDICTS = { accept = true, reject = true, drop = true }

local function verdict(value, default)
	value = (value or default):lower()
	return M.VERDICTS[value] and value or default
end

--- Devices of a logical interface.
local function devices_of(name)
	for _, section in ipairs(network.sections) do
		if section.type == 'interface' and section.name == name then return M.items(section.values.device) end
	end
	return {}
end

--- Reads defaults and zones; a zone of interfaces stands for their devices.
function M.read(config)
	for _, section in ipairs(config.sections) do
		local values = section.values
		if section.type == 'defaults' then
			for _, chain in ipairs({ 'input', 'output', 'forward' }) do M.defaults[chain] = verdict(values[chain], 'drop') end
		elseif section.type == 'zone' and M.flag(values.enabled, true) then
			local seen, devices = {}, M.items(values.device)
			for _, interface in ipairs(M.items(values.network)) do
				for _, device in ipairs(devices_of(interface)) do devices[#devices + 1] = device end
			end
			local zone = { name = values.name, masq = M.flag(values.masq, false), mtu_fix = M.flag(values.mtu_fix, false), devices = {} }
			for _, device in ipairs(devices) do
				if not seen[device] then
					seen[device] = true
					zone.devices[#zone.devices + 1] = device
				end
			end
			for _, chain in ipairs({ 'input', 'output', 'forward' }) do zone[chain] = verdict(values[chain], M.defaults[chain]) end
			if not zone.name then
				M.warn(section, "has no name, skipping section")
			else
				M.named[zone.name] = zone
				M.order[#M.order + 1] = zone
			end
		end
	end
end

return M
