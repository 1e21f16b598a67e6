import type { PolicyKind, RouterPolicies } from '@netpilot/control-plane/contract/router-policies.ts';
import { Button, Group, Table, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { usePolicies } from '../../api/queries.ts';
import { Notice } from '../../shell/notice.tsx';
import { Ago } from '../../shell/time.tsx';
import { useNetwork } from './network-context.tsx';
import { OperationTrouble } from './operation-trouble.tsx';
import { useOperation, useReading } from './use-operation.ts';

/** How often the router is compared while the page is looked at, in milliseconds. */
const EVERY = 60_000;

const TITLES: Record<PolicyKind, string> = {
  access: 'The router’s blocks and limits are not as they were set here',
  wifi: 'The router’s Wi-Fi is not as it was set here',
};

/** Where the router differs from what was set here: both sides, and a way to end it on either. */
export function DriftNotice() {
  const { router } = useNetwork();
  const policies = usePolicies(router.id);
  // Whatever part of the network is looked at; what it finds comes back with the stored view.
  useReading('access.read', { every: EVERY });
  if (!policies.data || policies.data.drift.length === 0) return null;
  return (
    <>
      {(['access', 'wifi'] as const).map((kind) => (
        <DriftOf key={kind} kind={kind} policies={policies.data} />
      ))}
    </>
  );
}

function DriftOf({ kind, policies }: { kind: PolicyKind; policies: RouterPolicies }) {
  const { router, own, mayOperate, mayConfigure } = useNetwork();
  const client = useQueryClient();
  const take = useMutation({
    mutationFn: () => api.takePolicies(router.id, kind),
    onSuccess: (now) => client.setQueryData(keys.policies(router.id), now),
  });
  const applyAccess = useOperation('access.apply');
  const applyWifi = useOperation('wifi.change');
  const drift = policies.drift.filter((each) => each.kind === kind);
  if (drift.length === 0) return null;
  const may = kind === 'access' ? mayOperate : mayConfigure;
  const apply = () => {
    const { access, wifi } = policies;
    if (kind === 'access' && access.desired) {
      applyAccess.mutate({ plan: access.desired, revision: access.observed?.revision ?? null });
    } else if (kind === 'wifi' && wifi.desired) applyWifi.mutate(wifiInput(wifi.desired, wifi.observed));
  };
  const busy = applyAccess.isPending || applyWifi.isPending || take.isPending;
  const readAt = policies[kind].observedAt;
  return (
    <Notice tone="warn" title={TITLES[kind]}>
      <div className="np-scroll" tabIndex={0} role="group" aria-label="Differences">
        <Table verticalSpacing={4} mt={4} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              <Table.Th>Set here</Table.Th>
              <Table.Th>On the router</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {drift.map(({ what, ours, routers }) => (
              <Table.Tr key={what}>
                <Table.Td>{what}</Table.Td>
                <Table.Td>{ours}</Table.Td>
                <Table.Td>{routers}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {readAt && (
        <Text size="xs" c="dimmed" mt={4}>
          Read from the router <Ago at={readAt} />
        </Text>
      )}
      <OperationTrouble error={take.error ?? applyAccess.error ?? applyWifi.error} />
      {may && (
        <Group gap="sm" mt="sm">
          <Button
            mih={44}
            disabled={!own.live || busy}
            loading={applyAccess.isPending || applyWifi.isPending}
            onClick={apply}
          >
            Apply ours
          </Button>
          <Button mih={44} variant="default" disabled={busy} loading={take.isPending} onClick={() => take.mutate()}>
            Take the router’s
          </Button>
        </Group>
      )}
    </Notice>
  );
}

/** @returns the change that brings the sections which are there to what is wanted; encryption only where it differs. */
function wifiInput(
  desired: NonNullable<RouterPolicies['wifi']['desired']>,
  observed: RouterPolicies['wifi']['observed'],
) {
  const radios = (observed?.radios ?? []).flatMap(({ section, enabled }) => {
    const wanted = desired.radios[section];
    return wanted && wanted.enabled !== enabled ? [{ section, enabled: wanted.enabled }] : [];
  });
  const networks = (observed?.networks ?? []).flatMap(({ section, enabled, ssid, encryption }) => {
    const wanted = desired.networks[section];
    if (!wanted) return [];
    const { encryption: wantedEncryption } = wanted;
    const change = {
      section,
      ...(wanted.enabled === enabled ? {} : { enabled: wanted.enabled }),
      ...(wanted.ssid === ssid ? {} : { ssid: wanted.ssid }),
      ...(wantedEncryption === encryption || wantedEncryption === 'other' ? {} : { encryption: wantedEncryption }),
    };
    return Object.keys(change).length > 1 ? [change] : [];
  });
  return { radios, networks };
}
