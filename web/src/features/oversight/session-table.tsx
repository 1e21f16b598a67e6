import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Text } from '@mantine/core';
import { IconEye, IconLock } from '@tabler/icons-react';
import { StateDot } from '../../shell/state-dot.tsx';
import { useNow } from '../../shell/time.tsx';
import { bytesInWords } from '../operations/words.ts';
import { sessionState } from '../sessions/session-words.ts';
import { OrganisationName } from './organisation-name.tsx';
import { lengthOfTime } from './oversight-words.ts';
import { SessionActions } from './session-actions.tsx';

/** Running sessions, one a line: a table where there is room, cards on a phone. */
export function SessionTable({ sessions }: { sessions: readonly Session[] }) {
  const now = useNow();
  const several = new Set(sessions.map(({ organisationId }) => organisationId)).size > 1;
  return (
    <div className="np-surface np-oversight">
      <table aria-label="Running sessions">
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Router</th>
            {several && <th scope="col">Organisation</th>}
            <th scope="col">State</th>
            <th scope="col" data-number>
              Since
            </th>
            <th scope="col" data-number>
              Idle
            </th>
            <th scope="col" data-number>
              Data
            </th>
            <th scope="col">
              <span className="np-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id} aria-label={`${session.userName} on ${session.routerName}`}>
              <th scope="row" data-label="Person">
                {session.userName}
              </th>
              <td data-label="Router">{session.routerName}</td>
              {several && (
                <td data-label="Organisation">
                  <OrganisationName id={session.organisationId} />
                </td>
              )}
              <td data-label="State">
                <SessionState session={session} />
              </td>
              <td data-label="Since" data-number title={new Date(session.createdAt).toLocaleString()}>
                {lengthOfTime(now - Date.parse(session.liveAt ?? session.createdAt))}
              </td>
              <td data-label="Idle" data-number>
                {session.lastActivityAt === null ? '–' : lengthOfTime(now - Date.parse(session.lastActivityAt))}
              </td>
              <td data-label="Data" data-number>
                {bytesInWords(session.bytes)}
              </td>
              <td className="np-oversight-actions">
                <SessionActions session={session} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SessionState({ session }: { session: Session }) {
  const { words, tone } = sessionState(session);
  const { queue, paused, screenLockedAt, watchers } = session;
  return (
    <>
      <StateDot tone={paused ? 'warn' : tone}>
        {queue ? `Waiting, place ${queue.position}` : paused ? `Paused by ${paused.by}` : words}
      </StateDot>
      {(screenLockedAt !== null || watchers.length > 0) && (
        <Text component="div" size="xs" c="dimmed" className="np-oversight-notes">
          {screenLockedAt !== null && (
            <span>
              <IconLock size={13} aria-hidden /> screen locked
            </span>
          )}
          {watchers.length > 0 && (
            <span>
              <IconEye size={13} aria-hidden /> {watchers.map(({ name }) => name).join(', ')}
            </span>
          )}
        </Text>
      )}
    </>
  );
}
