import type { RouterStatus, WanState } from '@netpilot/control-plane/contract/operations/status.ts';
import { Group, Stack, Text } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useDevices, usePolicies } from '../../api/queries.ts';
import { paths } from '../../routes/paths.ts';
import { LinkButton } from '../../shell/links.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Section } from '../../shell/page.tsx';
import { StateDot } from '../../shell/state-dot.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { type LiveRates, NO_RATES, ratePlot, withReading } from './plot-data.ts';
import { Plot } from './plot.tsx';
import { RebootButton } from './reboot-button.tsx';
import { useReading } from './use-operation.ts';
import { bytesInWords, rateInWords, spanInWords } from './words.ts';

/** How often the status is read while the page is looked at, in milliseconds. */
const EVERY = 4_000;
const SCAN_EVERY = 60_000;
/** Top of the scale while next to nothing moves, in bytes a second. */
const QUIET = 12_500;

/** How the router is doing now. */
export function OverviewSection() {
  const { own } = useNetwork();
  const status = useReading('status.read', { every: EVERY });
  return (
    <Stack>
      <AtAGlance status={status.data} />
      <Trouble error={status.error} retry={() => void status.refetch()} />
      {status.data ? (
        <Live status={status.data} />
      ) : own.live ? (
        <LoadingRows rows={2} height={140} />
      ) : (
        <Empty icon={<IconActivity size={40} />} title="Not connected">
          The state of the router is read when you are connected. Devices, usage and history show what was stored.
        </Empty>
      )}
    </Stack>
  );
}

/** What a person comes for: is the Internet there, who is on, and the button that helps. */
function AtAGlance({ status }: { status: RouterStatus | undefined }) {
  const { router, mayConfigure } = useNetwork();
  const devices = useDevices(router.id);
  const policies = usePolicies(router.id);
  const scan = useReading('devices.scan', { every: SCAN_EVERY });
  // Nobody was looked for yet: that is not the same as nobody.
  const looked = scan.isSuccess || (devices.data?.items.length ?? 0) > 0;
  const online = looked ? devices.data?.items.filter((device) => device.online).length : undefined;
  const blocked = policies.data?.access.desired?.blocks.length ?? 0;
  const mode = policies.data?.access.desired?.activeMode ?? null;
  const wan = status?.wan[0];
  return (
    <Section title="At a glance" actions={mayConfigure && <RebootButton />}>
      <dl className="np-facts">
        <div>
          <dt>Internet</dt>
          <dd>{wan ? <StateDot tone={wan.up ? 'good' : 'bad'}>{wan.up ? 'Connected' : 'Down'}</StateDot> : '–'}</dd>
        </div>
        <div>
          <dt>Devices on line</dt>
          <dd>{online ?? '–'}</dd>
        </div>
        <div>
          <dt>Blocked</dt>
          <dd>{blocked}</dd>
        </div>
        <div>
          <dt>Limits</dt>
          <dd>{mode === null ? 'none' : mode === 'whitelist' ? 'all but listed' : 'only listed'}</dd>
        </div>
        <div>
          <dt>Running for</dt>
          <dd>{status ? spanInWords(status.uptimeSeconds) : '–'}</dd>
        </div>
      </dl>
      <Group gap="sm" className="np-actions">
        <LinkButton to={paths.network(router.id, 'devices')} variant="default" mih={44}>
          Show devices
        </LinkButton>
        <LinkButton to={paths.network(router.id, 'speed')} variant="default" mih={44}>
          Test the speed
        </LinkButton>
      </Group>
    </Section>
  );
}

function Live({ status }: { status: RouterStatus }) {
  const { memory, storage, load, processors, temperatures } = status;
  const used = memory.totalBytes - memory.availableBytes;
  return (
    <>
      {status.wan.map((wan, at) => (
        <WanSection
          key={wan.name}
          wan={wan}
          at={status.at}
          plotted={status.wan.findIndex(({ device }) => device === wan.device) === at}
        />
      ))}
      <Section title="Router">
        <dl className="np-facts">
          <Fact name="Model" value={status.model ?? status.board ?? 'unknown'} />
          <Fact name="System" value={status.release ?? 'unknown'} />
          <Fact name="Kernel" value={status.kernel ?? 'unknown'} />
          <Fact name="Load" value={`${load.map((each) => each.toFixed(2)).join(' ')} (${processors} CPU)`} />
          <Fact name="Memory" value={`${bytesInWords(used)} of ${bytesInWords(memory.totalBytes)}`} />
          {storage.map(({ mount, freeBytes }) => (
            <Fact key={mount} name={`Free on ${mount}`} value={bytesInWords(freeBytes)} />
          ))}
          {temperatures.map(({ name, celsius }) => (
            <Fact key={name} name={name} value={`${celsius.toFixed(1)} °C`} />
          ))}
        </dl>
      </Section>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** @param plotted false when another line on the same device shows its traffic already. */
function WanSection({ wan, at, plotted }: { wan: WanState; at: string; plotted: boolean }) {
  const rates = useRates(wan, at);
  const last = rates.points.at(-1);
  const inWords = (rate: number | null = null) => (rate === null ? '…' : rateInWords(rate));
  return (
    <Section title={`Internet (${wan.name})`}>
      <dl className="np-facts">
        <Fact name="Address" value={wan.addresses.join(', ') || 'none'} />
        <Fact name="Gateway" value={wan.gateways.join(', ') || 'none'} />
        <Fact name="DNS" value={wan.dnsServers.join(', ') || 'none'} />
        {wan.uptimeSeconds !== null && <Fact name="Up for" value={spanInWords(wan.uptimeSeconds)} />}
      </dl>
      {plotted && wan.downBytes !== null && (
        <>
          <Plot
            label={`Traffic of ${wan.name} over the last minutes`}
            data={ratePlot(rates)}
            series={TRAFFIC}
            format={rateInWords}
            atLeast={QUIET}
          />
          <Group gap="lg">
            <Text size="sm" className="np-key" data-side="down">
              Down {inWords(last?.down)}
            </Text>
            <Text size="sm" className="np-key" data-side="up">
              Up {inWords(last?.up)}
            </Text>
          </Group>
        </>
      )}
    </Section>
  );
}

const TRAFFIC = [
  { label: 'Down', colour: '--np-plot-down' },
  { label: 'Up', colour: '--np-plot-up' },
] as const;

/** Bytes a second between two readings of the counters, the last minutes of them. */
function useRates({ downBytes, upBytes }: WanState, at: string): LiveRates {
  const [rates, setRates] = useState(NO_RATES);
  useEffect(() => setRates((before) => withReading(before, { at, downBytes, upBytes })), [at, downBytes, upBytes]);
  return rates;
}
