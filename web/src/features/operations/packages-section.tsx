import type { OperationPackage } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { Button, Group, Text } from '@mantine/core';
import { Section } from '../../shell/page.tsx';
import { LoadingRows } from '../../shell/loading.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';
import { useOperation, useReading } from './use-operation.ts';
import { bytesInWords } from './words.ts';

const WORDS: Record<OperationPackage, string> = {
  nlbwmon: 'Counts usage by device, over restarts',
  'librespeed-cli': 'Measures the speed of the line',
  'speedtest-netperf': 'Measures the speed against a netperf server',
  iperf3: 'Measures the speed against another iperf3',
  'tc-tiny': 'Shapes traffic smoothly instead of dropping it',
  'kmod-sched-core': 'The part of the kernel that shapes traffic',
  'nftables-json': 'Blocks and limits stand on it; part of OpenWrt since 22.03',
};

/** Packages that operations can use, and only those. */
export function PackagesSection() {
  const { own } = useNetwork();
  const packages = useReading('packages.read');
  const install = useOperation('packages.install');
  const remove = useOperation('packages.remove');
  return (
    <Section title="Packages">
      <Trouble error={packages.error ?? install.error ?? remove.error} />
      {packages.data === undefined ? (
        own.live ? (
          <LoadingRows rows={1} />
        ) : (
          <Text size="sm" c="dimmed">
            Read when you are connected.
          </Text>
        )
      ) : (
        <>
          <ul className="np-rows" data-columns="2">
            {packages.data.packages.map(({ name, version }) => (
              <li key={name} className="np-surface np-row">
                <div className="np-row-main">
                  <Text size="sm" fw={600}>
                    {name}{' '}
                    {version && (
                      <Text span size="sm" c="dimmed">
                        {version}
                      </Text>
                    )}
                  </Text>
                  <Text size="sm" c="dimmed">
                    {WORDS[name]}
                  </Text>
                </div>
                <Button
                  variant="default"
                  mih={44}
                  disabled={!own.live || packages.data.manager === null}
                  aria-label={`${version === null ? 'Install' : 'Remove'} ${name}`}
                  onClick={() => (version === null ? install : remove).mutate({ names: [name] })}
                >
                  {version === null ? 'Install' : 'Remove'}
                </Button>
              </li>
            ))}
          </ul>
          <Group>
            <Text size="sm" c="dimmed">
              {bytesInWords(packages.data.freeBytes)} free. A package that would leave less than 500 kB is refused.
            </Text>
          </Group>
        </>
      )}
    </Section>
  );
}
