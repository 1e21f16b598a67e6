-- netifd: puts /etc/config/network into the kernel and tells what is really set there.
local json = require('demo.json')
local system = require('demo.system')
local uci = require('demo.uci')

local M = {}
local STATE = '/var/run/netifd'

--- What the line outside gives: { address, gateway, address6, gateway6, prefix } from /usr/libexec/demo/outside/isp, or nil without one.
local function line_outside()
	local text = uci.read_file('/usr/libexec/demo/outside/isp')
	if not text then return nil end
	local address, gateway, address6, gateway6, prefix = text:match('(%S+) (%S+) (%S+) (%S+) (%S+)')
	return { address = address, gateway = gateway, address6 = address6, gateway6 = gateway6, prefix = prefix }
end

local function interfaces()
	local list, globals = {}, {}
	for _, section in ipairs(uci.current('network').sections) do
		if section.type == 'interface' then list[#list + 1] = section end
		if section.type == 'globals' then globals = section.values end
	end
	return list, globals
end

local function off(section)
	return section.values.disabled == '1' or section.values.auto == '0' or system.line(STATE .. '/' .. section.name .. '.down') ~= nil
end

local function bits(netmask)
	local count = 0
	for part in netmask:gmatch('%d+') do
		local value = tonumber(part)
		while value > 0 do count, value = count + (value & 1), value >> 1 end
	end
	return count
end

--- The first /64 of a prefix with the router's own host part: fd00:1::/48 -> fd00:1::1/64.
local function first_address(prefix) return (prefix:gsub('::/%d+$', '::1/64')) end

--- Addresses that an interface shall have, each with its prefix length.
local function wanted_addresses(section, globals, outside)
	local values, wanted = section.values, {}
	if values.proto == 'static' then
		for _, address in ipairs(uci.as_list(values.ipaddr)) do
			wanted[#wanted + 1] = address:find('/', 1, true) and address
				or ('%s/%d'):format(address, bits(values.netmask or '255.255.255.0'))
		end
		for _, address in ipairs(uci.as_list(values.ip6addr)) do wanted[#wanted + 1] = address end
		if values.ip6assign then
			if globals.ula_prefix then wanted[#wanted + 1] = first_address(globals.ula_prefix) end
			if outside then wanted[#wanted + 1] = first_address(outside.prefix) end
		end
	elseif values.proto == 'dhcp' and outside then
		wanted[1] = outside.address
	elseif values.proto == 'dhcpv6' and outside then
		wanted[1] = outside.address6
	end
	return wanted
end

--- A device that the engine gave an address to and that nobody laid a cable to: left as it is.
local function is_foreign(section, outside)
	return section.values.device == 'lo' or (section.values.proto:find('^dhcp') and not outside)
end

local function make_bridges()
	for _, section in ipairs(uci.current('network').sections) do
		local name = section.values.name
		if section.type == 'device' and section.values.type == 'bridge' and name then
			if not system.has_device(name) then
				system.ip('link add', name, 'type bridge forward_delay 0 mcast_snooping 0')
			end
			for _, port in ipairs(uci.as_list(section.values.ports)) do
				if system.has_device(port) then
					system.ip('link set', port, 'master', name)
					system.ip('link set', port, 'up')
				end
			end
			system.ip('link set', name, 'up')
		end
	end
end

local function remember_up(name, up)
	local path = STATE .. '/' .. name .. '.up'
	if not up then os.remove(path)
	elseif not system.line(path) then uci.write_file(path, tostring(os.time())) end
end

local function set_addresses(device, wanted, family6)
	local keep = {}
	for _, address in ipairs(wanted) do keep[address] = true end
	for _, link in ipairs(system.ip_json('addr show dev ' .. device)) do
		for _, entry in ipairs(link.addr_info or {}) do
			local address = entry['local'] .. '/' .. entry.prefixlen
			local ours = entry.scope ~= 'link' and (entry.family == 'inet6') == family6
			if keep[address] then keep[address] = nil
			elseif ours then system.ip('addr del', address, 'dev', device) end
		end
	end
	for address in pairs(keep) do system.ip('addr add', address, 'dev', device, family6 and 'nodad' or '') end
end

--- Applies the configuration: bridges, addresses, routes. Safe to repeat; what is set already is left alone.
function M.apply()
	system.run('mkdir -p ' .. STATE)
	make_bridges()
	local outside = line_outside()
	local list, globals = interfaces()
	local wanted = {}
	for _, section in ipairs(list) do
		local device = section.values.device
		if device and not is_foreign(section, outside) and system.has_device(device) then
			wanted[device] = wanted[device] or { v4 = {}, v6 = {} }
			local up = not off(section)
			for _, address in ipairs(up and wanted_addresses(section, globals, outside) or {}) do
				local family = address:find(':', 1, true) and wanted[device].v6 or wanted[device].v4
				family[#family + 1] = address
			end
			wanted[device].up = wanted[device].up or up
		end
		remember_up(section.name, device and system.has_device(device) and not off(section))
	end
	for device, addresses in pairs(wanted) do
		if addresses.up then system.ip('link set', device, 'up') end
		set_addresses(device, addresses.v4, false)
		set_addresses(device, addresses.v6, true)
	end
	for _, section in ipairs(list) do
		local values = section.values
		if not off(section) and values.device and not is_foreign(section, outside) then
			local gateway = values.gateway or (values.proto == 'dhcp' and outside and outside.gateway)
			if gateway then system.ip('route replace default via', gateway, 'dev', values.device) end
			local gateway6 = values.ip6gw or (values.proto == 'dhcpv6' and outside and outside.gateway6)
			if gateway6 then system.ip('-6 route replace default via', gateway6, 'dev', values.device) end
		end
	end
end

--- Takes one interface down or up by hand, as ifdown and ifup do.
function M.set_up(name, up)
	system.run('mkdir -p ' .. STATE)
	if up then os.remove(STATE .. '/' .. name .. '.down') else uci.write_file(STATE .. '/' .. name .. '.down', 'down') end
	M.apply()
	if up then system.run('/etc/init.d/firewall reload') end
end

local function addresses_of(device, family, scope6)
	local list = json.array({})
	for _, link in ipairs(system.ip_json('addr show dev ' .. device)) do
		for _, entry in ipairs(link.addr_info or {}) do
			if entry.family == family and (family == 'inet' or (entry.scope == 'global') == scope6) then
				list[#list + 1] = json.object('address', entry['local'], 'mask', entry.prefixlen)
			end
		end
	end
	return list
end

local function routes_of(device, family)
	local list = json.array({})
	local zero = family == 4 and '0.0.0.0' or '::'
	for _, route in ipairs(system.ip_json(('-%d route show default dev %s'):format(family, device))) do
		list[#list + 1] = json.object('target', zero, 'mask', 0, 'nexthop', route.gateway or zero, 'source', zero .. '/0')
	end
	return list
end

local function status(section, outside)
	local values, name = section.values, section.name
	local since = tonumber(system.line(STATE .. '/' .. name .. '.up') or '')
	local device = values.device or ''
	local six, up = values.proto == 'dhcpv6', since ~= nil
	local none = function() return json.array({}) end
	local prefixes, assigned = none(), none()
	if up and outside and six then
		prefixes[1] = json.object('address', outside.prefix:match('^[^/]*'), 'mask', tonumber(outside.prefix:match('/(%d+)')),
			'class', name, 'assigned', json.object('lan', json.object('address', outside.prefix:match('^[^/]*'), 'mask', 64)))
	end
	if up and values.ip6assign then
		for _, entry in ipairs(addresses_of(device, 'inet6', true)) do
			assigned[#assigned + 1] = json.object('address', entry.address:gsub('::1$', '::'), 'mask', 64,
				'local-address', json.object('address', entry.address, 'mask', 64))
		end
	end
	local dns = none()
	if up and outside and values.proto == 'dhcp' then dns[1] = outside.gateway end
	return json.object(
		'interface', name, 'up', up, 'pending', false, 'available', system.has_device(device),
		'autostart', not off(section), 'dynamic', false, 'uptime', up and os.time() - since or nil,
		'l3_device', up and device or nil, 'proto', values.proto, 'device', device ~= '' and device or nil,
		'metric', up and 0 or nil, 'dns_metric', up and 0 or nil, 'delegation', up and true or nil,
		'ipv4-address', up and (six and none() or addresses_of(device, 'inet')) or nil,
		'ipv6-address', up and (six and addresses_of(device, 'inet6', true) or none()) or nil,
		'ipv6-prefix', up and prefixes or nil, 'ipv6-prefix-assignment', up and assigned or nil,
		'route', up and routes_of(device, six and 6 or 4) or nil,
		'dns-server', up and dns or nil, 'dns-search', up and none() or nil, 'neighbors', up and none() or nil,
		'inactive', up and json.object('ipv4-address', none(), 'ipv6-address', none(), 'route', none(),
			'dns-server', none(), 'dns-search', none()) or nil,
		'data', json.object('hostname', six and nil or system.line('/proc/sys/kernel/hostname')))
end

--- Names of the configured interfaces, in order.
function M.names()
	local names = {}
	for index, section in ipairs((interfaces())) do names[index] = section.name end
	return names
end

--- Status of one interface (without its name) or of all (`nil`), as `ubus call network.interface[.x]` gives it.
function M.status(name)
	local outside, all = line_outside(), json.array({})
	for _, section in ipairs((interfaces())) do
		if name == nil or section.name == name then all[#all + 1] = status(section, outside) end
	end
	if name == nil then return json.object('interface', all) end
	if all[1] then
		table.remove(getmetatable(all[1]).keys, 1)
		all[1].interface = nil
	end
	return all[1]
end

local COUNTERS = { 'collisions', 'rx_frame_errors', 'tx_compressed', 'multicast', 'rx_length_errors', 'tx_dropped', 'rx_bytes', 'rx_missed_errors',
	'tx_errors', 'rx_compressed', 'rx_over_errors', 'tx_fifo_errors', 'rx_crc_errors', 'rx_packets', 'tx_heartbeat_errors', 'rx_dropped',
	'tx_aborted_errors', 'tx_packets', 'rx_errors', 'tx_bytes', 'tx_window_errors', 'rx_fifo_errors', 'tx_carrier_errors' }

--- Status of a network device, or nil.
function M.device(name)
	if not name:find('^[%w_%.%-]+$') or not system.has_device(name) then return nil end
	local base = '/sys/class/net/' .. name .. '/'
	local statistics = json.object()
	for _, counter in ipairs(COUNTERS) do
		local value = tonumber(system.line(base .. 'statistics/' .. counter) or '')
		if value then json.set(statistics, counter, value) end
	end
	local members
	if system.line(base .. 'bridge/bridge_id') then
		members = json.array({})
		for port in system.output('ls -1 ' .. base .. 'brif'):gmatch('[^\n]+') do members[#members + 1] = port end
	end
	return json.object('external', false, 'present', true, 'type', members and 'bridge' or 'Network device',
		'up', (tonumber(system.line(base .. 'flags') or '0') & 1) == 1, 'carrier', system.line(base .. 'carrier') == '1',
		'bridge-members', members, 'mtu', tonumber(system.line(base .. 'mtu')), 'macaddr', system.line(base .. 'address'),
		'txqueuelen', tonumber(system.line(base .. 'tx_queue_len')), 'ipv6', true, 'statistics', statistics)
end

return M
