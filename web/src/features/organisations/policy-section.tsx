import type { OrganisationPolicy } from '@netpilot/control-plane/contract/oversight.ts';
import { Button, Group, NumberInput, Stack, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { usePolicy } from '../../api/queries.ts';
import { LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';

/** What an organisation decides about the sessions of its people; every member sees it, its administrators change it. */
export function PolicySection({ organisationId, mayChange }: { organisationId: string; mayChange: boolean }) {
  const policy = usePolicy(organisationId);
  return (
    <Section title="Sessions: what is kept and told">
      <Trouble error={policy.error} retry={() => void policy.refetch()} />
      {policy.isPending && <LoadingRows rows={1} height={120} />}
      {policy.data && (
        <PolicyForm
          key={JSON.stringify(policy.data)}
          organisationId={organisationId}
          policy={policy.data}
          mayChange={mayChange}
        />
      )}
    </Section>
  );
}

interface PolicyFormProps {
  organisationId: string;
  policy: OrganisationPolicy;
  mayChange: boolean;
}

function PolicyForm({ organisationId, policy, mayChange }: PolicyFormProps) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(policy);
  const [days, setDays] = useState<number | string>(policy.recordingRetentionDays);
  const save = useMutation({
    mutationFn: (change: OrganisationPolicy) => api.changePolicy(organisationId, change),
    onSuccess: (saved) => client.setQueryData(keys.policy(organisationId), saved),
  });
  const next = { ...draft, recordingRetentionDays: typeof days === 'number' ? days : draft.recordingRetentionDays };
  const changed = JSON.stringify(next) !== JSON.stringify(policy);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(next);
      }}
    >
      <Stack>
        <Switch
          label="People are told who watches their sessions"
          description="Joining, pausing and ending are always told."
          checked={draft.watchNotice}
          disabled={!mayChange}
          onChange={({ currentTarget }) => setDraft({ ...draft, watchNotice: currentTarget.checked })}
        />
        <Switch
          label="Recordings hold what is typed as well"
          description="Never while the terminal does not echo, as at a password prompt."
          checked={draft.recordInput}
          disabled={!mayChange}
          onChange={({ currentTarget }) => setDraft({ ...draft, recordInput: currentTarget.checked })}
        />
        <NumberInput
          size="md"
          label="Recordings are kept for"
          suffix=" days"
          min={1}
          max={3_650}
          allowDecimal={false}
          clampBehavior="strict"
          w={{ base: '100%', sm: 240 }}
          value={days}
          disabled={!mayChange}
          onChange={setDays}
        />
        <Trouble error={save.error} />
        {save.isSuccess && !changed && <Notice tone="good">Saved.</Notice>}
        {mayChange && (
          <Group gap="sm" className="np-actions">
            <Button type="submit" mih={44} loading={save.isPending} disabled={!changed || days === ''}>
              Save
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
