-- The radios: what they really send is in /var/run/wifi.json and changes only when the configuration is applied.
local json = require('demo.json')
local system = require('demo.system')
local uci = require('demo.uci')

local M = {}
local STATE = '/var/run/wifi.json'
--- Devices that are in reach: "mac radio signal ssid key" a line, written from outside.
local STATIONS = '/usr/libexec/demo/outside/stations'

local FREQUENCY = { ['2g'] = function(channel) return 2407 + 5 * channel end, ['5g'] = function(channel) return 5000 + 5 * channel end }

local function beacon(config)
	return table.concat({ config.ssid or '', config.encryption or 'none', config.key or '' }, '\t')
end

--- Applies /etc/config/wireless: networks that are off stop sending, stations with another name or key fall off.
-- What the air carries is written on the device, where the stations outside read it.
function M.apply()
	local running, phy = json.object(), 0
	local package = uci.current('wireless')
	for _, radio in ipairs(package.sections) do
		if radio.type == 'wifi-device' then
			local disabled = radio.values.disabled == '1'
			local interfaces, index = json.array({}), 0
			for _, network in ipairs(package.sections) do
				if network.type == 'wifi-iface' and network.values.device == radio.name then
					local device = ('phy%d-ap%d'):format(phy, index)
					local on = system.has_device(device) and not disabled and network.values.disabled ~= '1'
					system.ip('link set', device, 'alias', uci.quote(on and beacon(network.values) or '-'))
					if on then system.ip('link set', device, 'master br-lan') end
					system.ip('link set', device, on and 'up' or 'down')
					if on then
						local values = network.values
						interfaces[#interfaces + 1] = json.object('section', network.name, 'ifname', device, 'config', json.object(
							'mode', values.mode or 'ap', 'ssid', values.ssid, 'encryption', values.encryption or 'none',
							'key', values.key, 'network', json.array({ values.network or 'lan' }), 'radios', json.array({})),
							'vlans', json.array({}), 'stations', json.array({}))
					end
					index = index + 1
				end
			end
			json.set(running, radio.name, json.object('up', not disabled, 'pending', false, 'autostart', true, 'disabled', disabled,
				'retry_setup_failed', false, 'config', json.object('path', 'platform/demo/wifi' .. phy, 'channel', radio.values.channel,
					'band', radio.values.band, 'htmode', radio.values.htmode, 'country', radio.values.country,
					'cell_density', 0), 'interfaces', interfaces))
			phy = phy + 1
		end
	end
	uci.write_file(STATE, json.encode(running))
end

--- What runs, by radio.
function M.status()
	return json.decode(uci.read_file(STATE) or '{}')
end

--- Running access points: { ifname, config, radio = { config } }.
function M.access_points()
	local points = {}
	local status = M.status()
	for _, name in ipairs(getmetatable(status).keys) do
		for _, interface in ipairs(status[name].interfaces) do
			points[#points + 1] = { ifname = interface.ifname, config = interface.config, radio = status[name].config, name = name }
		end
	end
	return points
end

function M.frequency(point)
	local band, channel = point.radio.band or '2g', tonumber(point.radio.channel)
	return (FREQUENCY[band] or FREQUENCY['5g'])(channel or (band == '2g' and 6 or 36))
end

--- Stations associated with an access point: those in reach that know its name and its key.
function M.stations(point)
	local list = {}
	for line in (uci.read_file(STATIONS) or ''):gmatch('[^\n]+') do
		local mac, radio, signal, ssid, key = line:match('^(%S+)\t(%S+)\t(%S+)\t([^\t]*)\t(.*)$')
		local knows = ssid == point.config.ssid and (point.config.encryption == 'none' or key == point.config.key)
		if radio == point.name and knows then list[#list + 1] = { mac = mac, signal = tonumber(signal) } end
	end
	return list
end

return M
