import type { RecordingTrouble } from '@netpilot/control-plane/contract/recordings.ts';
import type { TerminalExit, TerminalPerson, TerminalStatus } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { Button, Group, Loader, Progress, Text } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { deviceWords } from '../account/device-words.ts';
import type { AttachmentState } from './attach.ts';

/** Bytes of waiting input from which a paste shows how far it is. */
const SHOW_PENDING = 65_536;
/** Milliseconds for which a break stays quiet: most heal at once. */
const PATIENCE = 600;

interface TerminalStatusLineProps {
  state: AttachmentState;
  status: TerminalStatus | null;
  exit: TerminalExit | null;
  pending: number;
  refused: boolean;
  onCancelInput: () => void;
  onTakeBack: () => void;
  onTakeOver: () => void;
  onRestart: () => void;
}

/** What a person has to know about a terminal that is not simply running, below its screen. */
export function TerminalStatusLine(props: TerminalStatusLineProps) {
  const { state, status, exit, pending, refused } = props;
  const slow = useSlow(state === 'reconnecting' || state === 'connecting');
  const restart = (
    <Button size="sm" mih={36} onClick={props.onRestart}>
      New shell
    </Button>
  );
  if (exit) return <Line action={state === 'ended' ? null : restart}>{exitWords(exit)}</Line>;
  if (state === 'taken_over') {
    return (
      <Line
        action={
          <Button size="sm" mih={36} onClick={props.onTakeBack}>
            Take it back here
          </Button>
        }
      >
        This terminal is open in another window.
      </Line>
    );
  }
  if (state === 'locked') return <Line>The screen is locked. Sign in again to see it.</Line>;
  if (state === 'gone') return <Line action={restart}>This terminal is closed.</Line>;
  if (slow) {
    return (
      <Line icon={<Loader size={14} aria-hidden />}>
        {state === 'connecting' ? 'Attaching…' : 'Connection lost – trying again…'}
      </Line>
    );
  }
  if (status?.trouble) {
    return (
      <Line tone="bad">
        <b>Nothing is shown or typed:</b> this terminal cannot be recorded. {TROUBLE_WORDS[status.trouble]} It goes on
        by itself once it can.
      </Line>
    );
  }
  if (status !== null && status.role !== 'driver') return <Following status={status} onTakeOver={props.onTakeOver} />;
  if (pending > SHOW_PENDING) return <Sending pending={pending} onCancel={props.onCancelInput} />;
  if (refused) return <Line>That was too much at once: a paste may have 16 MiB.</Line>;
  return null;
}

/** Whose input and size count, and the one tap that changes it. */
function Following({ status, onTakeOver }: { status: TerminalStatus; onTakeOver: () => void }) {
  const { role, driver, tookOver } = status;
  const words = driver === null ? 'Nobody drives this terminal.' : `${personWords(driver)} drives this terminal.`;
  const took = driver !== null && tookOver !== null && sameAs(driver, tookOver);
  return (
    <Line
      action={
        role === 'follower' ? (
          <Button size="sm" mih={44} onClick={onTakeOver}>
            Take over
          </Button>
        ) : null
      }
    >
      {took ? `${personWords(driver)} took over.` : words}
    </Line>
  );
}

function personWords({ name, agent }: TerminalPerson): string {
  return agent === null ? name : `${name} (${deviceWords(agent)})`;
}

function sameAs(one: TerminalPerson, other: TerminalPerson): boolean {
  return one.name === other.name && one.agent === other.agent;
}

const TROUBLE_WORDS: Readonly<Record<RecordingTrouble, string>> = {
  disk_full: 'The disk for recordings is full.',
  not_permitted: 'The bastion may not write its recordings.',
  disk_failed: 'The disk for recordings fails.',
  disk_stuck: 'The disk for recordings does not answer.',
  file_gone: 'The file of the recording is gone.',
  size_limit: 'The recording is as large as it may be.',
  broken: 'The recording is damaged.',
  database_gone: 'The database does not answer.',
};

function Sending({ pending, onCancel }: { pending: number; onCancel: () => void }) {
  const [most, setMost] = useState(pending);
  if (pending > most) setMost(pending);
  const done = Math.round(100 * (1 - pending / Math.max(most, pending)));
  return (
    <Line
      action={
        <Button size="sm" mih={36} variant="default" onClick={onCancel}>
          Stop
        </Button>
      }
    >
      <Group gap="sm" wrap="nowrap">
        <span>Sending… {done}%</span>
        <Progress value={done} flex={1} miw={80} aria-label="Paste progress" />
      </Group>
    </Line>
  );
}

interface LineProps {
  children: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
  tone?: 'bad';
}

function Line({ children, action, icon, tone }: LineProps) {
  return (
    <Group className="np-terminal-status" gap="sm" wrap="nowrap" role={tone ? 'alert' : 'status'} data-tone={tone}>
      {icon}
      <Text component="div" size="sm" flex={1}>
        {children}
      </Text>
      {action}
    </Group>
  );
}

function exitWords({ code, signal, reason }: TerminalExit): string {
  if (reason === 'connection_lost') return 'The connection to the router was lost; this shell is gone.';
  if (reason === 'closed') return 'This terminal was closed.';
  if (signal) return `The shell was ended by ${signal}.`;
  return code === null || code === 0 ? 'The shell has ended.' : `The shell has ended with code ${code}.`;
}

function useSlow(waiting: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(waiting), waiting ? PATIENCE : 0);
    return () => clearTimeout(timer);
  }, [waiting]);
  return slow && waiting;
}
