import type { TerminalExit } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { Button, Group, Loader, Progress, Text } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import type { AttachmentState } from './attach.ts';

/** Bytes of waiting input from which a paste shows how far it is. */
const SHOW_PENDING = 65_536;
/** Milliseconds for which a break stays quiet: most heal at once. */
const PATIENCE = 600;

interface TerminalStatusProps {
  state: AttachmentState;
  exit: TerminalExit | null;
  pending: number;
  refused: boolean;
  onCancelInput: () => void;
  onTakeBack: () => void;
  onRestart: () => void;
}

/** What a person has to know about a terminal that is not simply running, below its screen. */
export function TerminalStatus(props: TerminalStatusProps) {
  const { state, exit, pending, refused } = props;
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
  if (state === 'gone') return <Line action={restart}>This terminal is closed.</Line>;
  if (slow) {
    return (
      <Line icon={<Loader size={14} aria-hidden />}>
        {state === 'connecting' ? 'Attaching…' : 'Connection lost – trying again…'}
      </Line>
    );
  }
  if (pending > SHOW_PENDING) return <Sending pending={pending} onCancel={props.onCancelInput} />;
  if (refused) return <Line>That was too much at once: a paste may have 16 MiB.</Line>;
  return null;
}

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

function Line({ children, action, icon }: { children: ReactNode; action?: ReactNode; icon?: ReactNode }) {
  return (
    <Group className="np-terminal-status" gap="sm" wrap="nowrap" role="status">
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
