import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Button, Group, Text } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Trouble } from '../../shell/trouble.tsx';
import type { FileCalls } from './file-calls.ts';

/** Characters that stay on the page; older ones make room. */
const MAX_SHOWN = 500_000;
/** Milliseconds between two pictures. */
const SHOW_MS = 100;
/** What has no picture: everything but the characters of a text. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The end of a file, and what is written to it from now on, as `tail -f` shows it; escape sequences are not obeyed. */
export function FollowView({ calls, path }: { calls: FileCalls; path: RouterPath }) {
  const [text, setText] = useState('');
  const [state, setState] = useState<'running' | 'stopped'>('running');
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const box = useRef<HTMLPreElement>(null);
  const stuck = useRef(true);

  const start = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setText('');
    setError(null);
    setState('running');
    void follow(calls, path, controller.signal, setText)
      .catch((reason: unknown) => {
        if (!controller.signal.aborted) setError(reason);
      })
      .finally(() => {
        if (running.current === controller) setState('stopped');
      });
  }, [calls, path]);

  useEffect(() => {
    start();
    return () => running.current?.abort();
  }, [start]);
  useEffect(() => {
    if (stuck.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);

  return (
    <>
      <Group px="md" py={4} gap="sm">
        {state === 'running' ? (
          <Button
            variant="default"
            mih={40}
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            onClick={() => {
              running.current?.abort();
              setState('stopped');
            }}
          >
            Stop
          </Button>
        ) : (
          <Button variant="default" mih={40} leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={start}>
            Follow again
          </Button>
        )}
        <Text size="sm" c="dimmed" role="status">
          {state === 'running' ? 'Waiting for what is written…' : 'Stopped'}
        </Text>
      </Group>
      <Trouble error={error} retry={start} />
      <pre
        ref={box}
        className="np-file-body np-follow"
        tabIndex={0}
        role="log"
        aria-label="End of the file"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          stuck.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {text}
      </pre>
    </>
  );
}

async function follow(
  calls: FileCalls,
  path: RouterPath,
  signal: AbortSignal,
  show: (text: string) => void,
): Promise<void> {
  const response = await calls.follow(path, signal);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let timer: number | undefined;
  try {
    for (;;) {
      const result = await reader?.read();
      if (result === undefined || result.done) return;
      text = (text + decoder.decode(result.value, { stream: true }).replaceAll(UNSEEN, '\ufffd')).slice(-MAX_SHOWN);
      timer ??= window.setTimeout(() => {
        timer = undefined;
        if (!signal.aborted) show(text);
      }, SHOW_MS);
    }
  } finally {
    clearTimeout(timer);
    if (!signal.aborted) show(text);
  }
}
