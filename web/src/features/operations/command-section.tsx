import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/calls.ts';
import { Section } from '../../shell/page.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { useNetwork } from './network-context.tsx';

/** One command on the router, with its output, exit code and time. */
export function CommandSection() {
  const { own } = useNetwork();
  const [command, setCommand] = useState('');
  const run = useMutation({ mutationFn: (line: string) => api.execute(own.session?.id ?? '', { command: line }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (command.trim() !== '') run.mutate(command);
  };
  const result = run.data;
  return (
    <Section title="Run a command">
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Command"
            size="md"
            flex="1 1 260px"
            value={command}
            onChange={({ currentTarget }) => setCommand(currentTarget.value)}
            autoComplete="off"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            maxLength={64_000}
          />
          <Button type="submit" mih={44} disabled={!own.live || command.trim() === ''} loading={run.isPending}>
            Run
          </Button>
        </Group>
      </form>
      <Trouble error={run.error} />
      {result && (
        <Stack gap="xs" role="status" aria-label="Result">
          <Text size="sm">
            {result.timedOut ? 'Ended after its time' : `Exit code ${result.exitCode ?? result.signal ?? 'unknown'}`} in{' '}
            {result.milliseconds < 1_000
              ? `${Math.round(result.milliseconds)} ms`
              : `${(result.milliseconds / 1_000).toFixed(1)} s`}
            {result.truncated && ', output cut'}
          </Text>
          {result.stdout !== '' && (
            <pre className="np-output" tabIndex={0} aria-label="Output">
              {result.encoding === 'base64' ? `base64: ${result.stdout}` : result.stdout}
            </pre>
          )}
          {result.stderr !== '' && (
            <pre className="np-output np-diff-remove" tabIndex={0} aria-label="Errors">
              {result.encoding === 'base64' ? `base64: ${result.stderr}` : result.stderr}
            </pre>
          )}
        </Stack>
      )}
    </Section>
  );
}
