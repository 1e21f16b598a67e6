import type { ListedTerminal } from '@netpilot/control-plane/contract/sessions.ts';
import { Box, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/calls.ts';
import { keys } from '../../api/keys.ts';
import { Ago } from '../../shell/time.tsx';

/** How often it is read again while it is shown, in milliseconds. */
const AGAIN_MS = 15_000;

/** The terminals of one live session: what ran last in each, since when, and whether anybody has it open. */
export function TerminalList({ sessionId }: { sessionId: string }) {
  const { data } = useQuery({
    queryKey: [...keys.terminals(sessionId), 'listed'],
    queryFn: ({ signal }) => api.terminals(sessionId, signal),
    refetchInterval: AGAIN_MS,
  });
  const running = (data?.items ?? []).filter(({ exit }) => exit === null);
  if (running.length === 0) return null;
  return (
    <Box component="ul" aria-label="Its terminals" className="np-terminal-list">
      {running.map((terminal) => (
        <Line key={terminal.id} terminal={terminal} />
      ))}
    </Box>
  );
}

function Line({ terminal }: { terminal: ListedTerminal }) {
  const { id, title, ran, lastOutputAt, detachedSince, driver, followers } = terminal;
  const named = title !== `Terminal ${id}` && title !== ran;
  return (
    <Group component="li" gap="xs" style={{ rowGap: 0 }}>
      <Text size="sm" fw={600} span>
        Terminal {id}
      </Text>
      {ran !== null && <code className="np-ran">{ran}</code>}
      {named && (
        <Text size="sm" span truncate maw={260}>
          {title}
        </Text>
      )}
      <Text size="sm" c="dimmed" span>
        {lastOutputAt === null ? (
          'no output yet'
        ) : (
          <>
            last output <Ago at={lastOutputAt} />
          </>
        )}
        {detachedSince === null ? (
          <> · {openWords(driver, followers)}</>
        ) : (
          <>
            {' · '}nobody looks since <Ago at={detachedSince} />
          </>
        )}
      </Text>
    </Group>
  );
}

function openWords(driver: string | null, followers: number): string {
  if (driver === null) return followers === 1 ? 'open on 1 page' : `open on ${followers} pages`;
  return followers === 0 ? 'open on a page' : `open on ${followers + 1} pages`;
}
