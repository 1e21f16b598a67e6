-- ubus objects of netifd, hostapd and odhcpd.
local interfaces = require('demo.interfaces')
local json = require('demo.json')
local radios = require('demo.radios')
local system = require('demo.system')
local object, array = json.object, json.array

local M = {}
local INVALID_ARGUMENT, NOT_FOUND = 2, 4

local function clients(point)
	local all = object()
	for _, station in ipairs(radios.stations(point)) do
		json.set(all, station.mac, object('auth', true, 'assoc', true, 'authorized', true, 'preauth', false, 'wds', false, 'wmm', true,
			'ht', true, 'vht', true, 'he', true, 'wps', false, 'mfp', false, 'rrm', array({ 0, 0, 0, 0, 0 }),
			'extended_capabilities', array({ 0, 0, 0, 0, 0, 0, 0, 64 }), 'aid', #getmetatable(all).keys + 1,
			'bytes', object('rx', 91497, 'tx', 125286), 'airtime', object('rx', 90759, 'tx', 48949),
			'packets', object('rx', 474, 'tx', 250), 'rate', object('rx', 120090000, 'tx', 120090000), 'signal', station.signal))
	end
	return object('freq', radios.frequency(point), 'clients', all)
end

local function access_point(point, refuse)
	return {
		get_clients = function() return clients(point) end,
		get_status = function()
			return object('status', 'ENABLED', 'bssid', system.line('/sys/class/net/' .. point.ifname .. '/address'), 'ssid', point.config.ssid,
				'freq', radios.frequency(point), 'channel', tonumber(point.radio.channel), 'phy', point.ifname:match('^phy%d+'))
		end,
		del_client = function(arguments)
			if type(arguments.addr) ~= 'string' then refuse(INVALID_ARGUMENT) end
			system.log('hostapd', point.ifname .. ': STA ' .. arguments.addr .. ' deauthenticated')
		end,
		reload = function() radios.apply() end,
	}
end

--- Leases of addresses that dnsmasq gave, as odhcpd tells them (seconds left).
local function leases()
	local list = array({})
	for line in system.output('cat /tmp/dhcp.leases 2> /dev/null'):gmatch('[^\n]+') do
		local expires, mac, address, name = line:match('^(%d+) (%S+) (%S+) (%S+)')
		if expires then
			list[#list + 1] = object('mac', mac:gsub(':', ''), 'hostname', name, 'address', address, 'valid', tonumber(expires) - os.time())
		end
	end
	return list
end

function M.objects(refuse)
	local all = {
		network = {
			restart = function() system.background('/etc/init.d/network restart') end,
			reload = function() system.background('/etc/init.d/network reload') end,
		},
		['network.device'] = {
			status = function(arguments)
				if arguments.name then return interfaces.device(arguments.name) or refuse(NOT_FOUND) end
				local every = object()
				for name in system.output('ls -1 /sys/class/net'):gmatch('[^\n]+') do json.set(every, name, interfaces.device(name)) end
				return every
			end,
		},
		['network.interface'] = {
			dump = function() return interfaces.status() end,
			status = function(arguments) return interfaces.status(tostring(arguments.interface)) or refuse(NOT_FOUND) end,
		},
		['network.wireless'] = {
			status = radios.status,
			up = radios.apply,
			down = function() system.run('wifi down') end,
		},
		dhcp = {
			ipv4leases = function() return object('device', object('br-lan', object('leases', leases()))) end,
			ipv6leases = function() return object('device', object('br-lan', object('leases', array({})))) end,
		},
	}
	for _, name in ipairs(interfaces.names()) do
		all['network.interface.' .. name] = {
			status = function() return interfaces.status(name) end,
			up = function() interfaces.set_up(name, true) end,
			down = function() interfaces.set_up(name, false) end,
		}
	end
	for _, point in ipairs(radios.access_points()) do all['hostapd.' .. point.ifname] = access_point(point, refuse) end
	return all
end

return M
