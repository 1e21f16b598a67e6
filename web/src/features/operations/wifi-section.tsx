import {
  Ssid,
  WIFI_ENCRYPTIONS,
  WifiKey,
  type WifiChangeInput,
  type WifiNetwork,
  type WifiState,
} from '@netpilot/control-plane/contract/operations/wifi.ts';
import { Button, Drawer, Group, PasswordInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { IconWifi, IconWifiOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useDevices, usePolicies } from '../../api/queries.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { deviceName } from '../devices/device-words.ts';
import { useNetwork } from './network-context.tsx';
import { Tag } from './tag.tsx';
import { useOperation, useReading } from './use-operation.ts';

type Change = Partial<WifiChangeInput>;

const ENCRYPTIONS: Record<(typeof WIFI_ENCRYPTIONS)[number], string> = {
  none: 'Open, no password',
  psk: 'WPA (old)',
  'psk-mixed': 'WPA and WPA2 (old)',
  psk2: 'WPA2',
  'sae-mixed': 'WPA2 and WPA3',
  sae: 'WPA3',
};

/** The radios and networks in the air. Who would be cut off is asked of the router before anything changes. */
export function WifiSection() {
  const { router, own } = useNetwork();
  const reading = useReading('wifi.read', { every: 20_000 });
  const stored = usePolicies(router.id);
  const state = reading.data ?? stored.data?.wifi.observed ?? null;
  const [asked, setAsked] = useState<Change | null>(null);
  const [edited, setEdited] = useState<WifiNetwork | null>(null);
  if (state === null) {
    if (own.live && !reading.error) return <LoadingRows rows={2} height={120} />;
    return (
      <Stack>
        <Trouble error={reading.error} retry={() => void reading.refetch()} />
        {!reading.error && (
          <Empty icon={<IconWifi size={40} />} title="Not read yet">
            The Wi-Fi is read from the router when you are connected.
          </Empty>
        )}
      </Stack>
    );
  }
  return (
    <Stack>
      <Trouble error={reading.error} retry={() => void reading.refetch()} />
      {state.radios.length === 0 && (
        <Empty icon={<IconWifiOff size={40} />} title="No Wi-Fi">
          This router has no radio, or none that it tells of.
        </Empty>
      )}
      {state.radios.map((radio) => (
        <RadioSection
          key={radio.section}
          state={state}
          section={radio.section}
          onChange={setAsked}
          onEdit={setEdited}
        />
      ))}
      <Drawer
        opened={edited !== null}
        onClose={() => setEdited(null)}
        position="right"
        size="md"
        title={<Text fw={650}>{edited?.ssid}</Text>}
      >
        {edited && (
          <NetworkForm
            key={edited.section}
            network={edited}
            state={state}
            onSave={(change) => {
              setEdited(null);
              setAsked(change);
            }}
          />
        )}
      </Drawer>
      {asked && <ChangeQuestion change={asked} onClose={() => setAsked(null)} />}
    </Stack>
  );
}

interface RadioSectionProps {
  state: WifiState;
  section: string;
  onChange: (change: Change) => void;
  onEdit: (network: WifiNetwork) => void;
}

function RadioSection({ state, section, onChange, onEdit }: RadioSectionProps) {
  const { own, mayConfigure } = useNetwork();
  const radio = state.radios.find((each) => each.section === section);
  if (!radio) return null;
  const held = !own.live || !mayConfigure;
  const networks = state.networks.filter((each) => each.radio === section);
  const band = radio.band === null ? section : `${radio.band} GHz`;
  return (
    <Section
      title={band}
      actions={
        <Group gap="sm">
          <Tag tone={radio.up ? 'good' : 'idle'}>
            {radio.up ? `On the air, channel ${radio.channel ?? '?'}` : 'Not on the air'}
          </Tag>
          <Switch
            size="lg"
            aria-label={`Radio ${band} on`}
            checked={radio.enabled}
            disabled={held}
            onChange={({ currentTarget }) => onChange({ radios: [{ section, enabled: currentTarget.checked }] })}
          />
        </Group>
      }
    >
      <ul className="np-rows">
        {networks.map((network) => (
          <li key={network.section} className="np-surface np-row">
            <button type="button" className="np-open" disabled={held} onClick={() => onEdit(network)}>
              <span className="np-picture" data-away={!network.up || undefined}>
                <IconWifi size={22} aria-hidden />
              </span>
              <span className="np-row-main">
                <Text component="span" display="block" fw={600}>
                  {network.ssid}
                </Text>
                <Text component="span" display="block" size="sm" c="dimmed">
                  {encryptionInWords(network)} ·{' '}
                  {network.clients.length === 1 ? '1 device' : `${network.clients.length} devices`}
                  {network.hidden && ' · hidden'}
                </Text>
              </span>
            </button>
            <Switch
              size="lg"
              aria-label={`Network ${network.ssid} on`}
              checked={network.enabled}
              disabled={held}
              onChange={({ currentTarget }) =>
                onChange({ networks: [{ section: network.section, enabled: currentTarget.checked }] })
              }
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function encryptionInWords({ encryption, encryptionText }: WifiNetwork): string {
  return encryption === 'other' ? encryptionText : ENCRYPTIONS[encryption];
}

interface NetworkFormProps {
  network: WifiNetwork;
  state: WifiState;
  onSave: (change: Change) => void;
}

function NetworkForm({ network, state, onSave }: NetworkFormProps) {
  const [ssid, setSsid] = useState(network.ssid);
  const [key, setKey] = useState('');
  const [encryption, setEncryption] = useState<string | null>(
    network.encryption === 'other' ? null : network.encryption,
  );
  const [everywhere, setEverywhere] = useState(false);
  const twins = state.networks.filter((each) => each.ssid === network.ssid && each.section !== network.section);
  const goodSsid = Ssid.safeParse(ssid);
  const goodKey = WifiKey.safeParse(key);
  const chosen = WIFI_ENCRYPTIONS.find((each) => each === encryption);
  const needsKey = chosen !== undefined && chosen !== 'none' && !network.hasKey && key === '';
  const what = {
    ...(ssid === network.ssid ? {} : { ssid }),
    ...(key === '' ? {} : { key }),
    ...(chosen === undefined || chosen === network.encryption ? {} : { encryption: chosen }),
  };
  const save = () => {
    const sections = [network, ...(everywhere ? twins : [])].map(({ section }) => section);
    onSave({ networks: sections.map((section) => ({ section, ...what })) });
  };
  const valid = goodSsid.success && (key === '' || goodKey.success) && !needsKey && Object.keys(what).length > 0;
  return (
    <Stack>
      <TextInput
        label="Name (SSID)"
        size="md"
        value={ssid}
        onChange={({ currentTarget }) => setSsid(currentTarget.value)}
        error={goodSsid.success ? undefined : (goodSsid.error.issues[0]?.message ?? 'is not valid')}
        autoComplete="off"
        data-autofocus
      />
      <PasswordInput
        label="New password"
        description="Left empty, it stays as it is. It is never shown or stored here."
        size="md"
        value={key}
        onChange={({ currentTarget }) => setKey(currentTarget.value)}
        error={
          key === '' || goodKey.success
            ? needsKey
              ? 'A network with encryption needs one'
              : undefined
            : '8 to 63 characters'
        }
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <Select
        label="Encryption"
        size="md"
        allowDeselect={false}
        placeholder={network.encryptionText}
        data={WIFI_ENCRYPTIONS.map((value) => ({ value, label: ENCRYPTIONS[value] }))}
        value={encryption}
        onChange={setEncryption}
      />
      {twins.length > 0 && (
        <Switch
          size="md"
          label={`Also on the other ${twins.length === 1 ? 'band' : 'bands'} with this name`}
          checked={everywhere}
          onChange={({ currentTarget }) => setEverywhere(currentTarget.checked)}
        />
      )}
      <Group justify="flex-end">
        <Button mih={44} disabled={!valid} onClick={save}>
          Continue
        </Button>
      </Group>
    </Stack>
  );
}

/** Asks before a Wi-Fi changes, with the devices that it would cut off by name. */
function ChangeQuestion({ change, onClose }: { change: Change; onClose: () => void }) {
  const { router } = useNetwork();
  const devices = useDevices(router.id).data?.items ?? [];
  const preview = useOperation('wifi.preview');
  const apply = useOperation('wifi.change');
  const [weaker, setWeaker] = useState(false);
  const { mutate } = preview;
  useEffect(() => mutate(change), [mutate, change]);
  const names = new Map(devices.map((device) => [device.mac, deviceName(device)]));
  const found = preview.data?.output;
  return (
    <Confirm
      opened
      onClose={onClose}
      title="Change the Wi-Fi?"
      action="Change Wi-Fi"
      danger
      disabled={preview.isPending}
      onConfirm={() => apply.mutateAsync({ ...change, allowWeaker: weaker })}
    >
      <Stack gap="sm">
        {preview.isPending && <Text size="sm">Looking who would be cut off…</Text>}
        <Trouble error={preview.error} />
        {found && (
          <>
            <Text size="sm">
              {found.cutOff.length === 0
                ? 'No device is on it now.'
                : 'These devices lose their Wi-Fi and have to join again, yours too if you are on it:'}
            </Text>
            {found.cutOff.length > 0 && (
              <ul>
                {found.cutOff.map((mac) => (
                  <li key={mac}>{names.get(mac) ?? mac}</li>
                ))}
              </ul>
            )}
            {found.warnings.map((warning) => (
              <Text key={warning} size="sm">
                {warning}
              </Text>
            ))}
          </>
        )}
        {change.networks?.some(({ encryption }) => encryption !== undefined) && (
          <Switch
            size="md"
            label="Allow a weaker encryption than now"
            checked={weaker}
            onChange={({ currentTarget }) => setWeaker(currentTarget.checked)}
          />
        )}
        <Text size="sm" c="dimmed">
          If the router is not reached afterwards, it goes back to what it had within 30 seconds.
        </Text>
      </Stack>
    </Confirm>
  );
}
