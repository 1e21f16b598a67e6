import type { TerminalExit, TerminalStatus } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { socketAddress, stillSignedIn } from '../../api/client.ts';
import { type AttachmentState, TerminalAttachment } from './attach.ts';
import { type SoftKey, type Modifiers, softKeyInput, withModifiers } from './keys.ts';
import { cleanPaste, needsConfirmation, typedPaste } from './paste.ts';
import { useTerminalSettings } from './settings.ts';
import { pageName } from './page-name.ts';
import { TerminalStatusLine } from './terminal-status.tsx';
import { TouchMenu } from './touch-menu.tsx';
import { watchTouches } from './touch-gestures.ts';
import { XtermScreen } from './xterm-screen.ts';

/** What the toolbar, the key row and the compose bar do with a terminal. */
export interface TerminalHandle {
  readonly screen: XtermScreen;
  type(text: string): void;
  press(key: SoftKey): void;
  /** Cleans `text` and sends it, after asking where a person should look first. */
  paste(text: string): void;
  /** Sends text that was confirmed. */
  pasteNow(cleaned: string): void;
  focus(): void;
}

interface TerminalViewProps {
  sessionId: string;
  terminalId: number;
  /** Where its socket is, below the API; for those who look at somebody else's. */
  socketPath?: string;
  /** Bytes of output that are history at the first visit of this page. */
  historyEnd: number;
  active: boolean;
  screenReader: boolean;
  /** Modifiers held by the key row; asked for at each key. */
  takeModifiers: () => Modifiers;
  onHandle: (terminalId: number, handle: TerminalHandle | null) => void;
  onTitle: (terminalId: number, title: string) => void;
  /** Pastes from the clipboard, asked for by a long press. */
  onTouchPaste?: () => void;
  onConfirmPaste: (terminalId: number, cleaned: string) => void;
  onSelection: (selected: boolean) => void;
  onStatus?: (terminalId: number, status: TerminalStatus) => void;
  onFind: () => void;
  onLeave: () => void;
  onRestart: (terminalId: number) => void;
  onSignedOut: () => void;
}

const encoder = new TextEncoder();

/** One terminal: xterm in a region of its own, attached for as long as this is mounted. */
export function TerminalView(props: TerminalViewProps) {
  const { sessionId, terminalId, active, screenReader } = props;
  const element = useRef<HTMLDivElement>(null);
  const parts = useRef<{ screen: XtermScreen; attachment: TerminalAttachment } | null>(null);
  const [state, setState] = useState<AttachmentState>('connecting');
  const [exit, setExit] = useState<TerminalExit | null>(null);
  const [pending, setPending] = useState(0);
  const [refused, setRefused] = useState(false);
  const [status, setStatus] = useState<TerminalStatus | null>(null);
  const [touched, setTouched] = useState<{ x: number; y: number } | null>(null);
  const [settings] = useTerminalSettings();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const looks = screenReader ? { ...settings, screenReader: true } : settings;

  const current = useEffectEvent(() => ({ ...props, looks, scheme }));

  useEffect(() => {
    if (!element.current) return;
    const initial = current();
    const send = (bytes: Uint8Array) => {
      const accepted = attachment.send(bytes);
      setRefused(!accepted && attachment.state === 'attached' && attachment.drives);
      return accepted;
    };
    const type = (text: string) => {
      if (text !== '') send(encoder.encode(text));
    };
    const screen: XtermScreen = new XtermScreen({
      element: element.current,
      settings: initial.looks,
      scheme: initial.scheme,
      label: `Terminal ${terminalId} input`,
      onInput: (data) => type(withModifiers(data, current().takeModifiers())),
      onBinary: (data) => send(Uint8Array.from(data, (character) => character.charCodeAt(0) & 0xff)),
      onTitle: (title) => current().onTitle(terminalId, title),
      onPaste: (text) => handle.paste(text),
      onResize: () => attachment.resize(),
      onSelection: (selected) => current().onSelection(selected),
      onFind: () => current().onFind(),
      onLeave: () => current().onLeave(),
      live: () => !attachment.replaying,
    });
    const attachment: TerminalAttachment = new TerminalAttachment({
      address: (query) =>
        socketAddress(`${initial.socketPath ?? `/sessions/${sessionId}/terminals/${terminalId}/attach`}?${query}`),
      ...(initial.socketPath === undefined ? { page: pageName() } : {}),
      screen,
      historyEnd: initial.historyEnd,
      signedIn: stillSignedIn,
      events: {
        stateChanged: (next) => {
          setState(next);
          if (next === 'signed_out') current().onSignedOut();
        },
        exited: setExit,
        // What notices say, the session says as well and for longer; here they would cover the screen.
        noticed: () => undefined,
        statusChanged: (next) => {
          setStatus(next);
          current().onStatus?.(terminalId, next);
        },
        pendingInput: setPending,
      },
    });
    parts.current = { screen, attachment };
    const handle: TerminalHandle = {
      screen,
      type,
      press: (key) => {
        type(softKeyInput(key, current().takeModifiers(), screen.terminal.modes.applicationCursorKeysMode));
        screen.terminal.scrollToBottom();
      },
      paste: (text) => {
        const cleaned = cleanPaste(text);
        if (needsConfirmation(cleaned)) current().onConfirmPaste(terminalId, cleaned);
        else handle.pasteNow(cleaned);
      },
      pasteNow: (cleaned) => {
        if (cleaned === '') return;
        type(typedPaste(cleaned, screen.terminal.modes.bracketedPasteMode));
        screen.terminal.scrollToBottom();
      },
      focus: () => screen.terminal.focus(),
    };
    initial.onHandle(terminalId, handle);
    const listening = new AbortController();
    const { signal } = listening;
    document.addEventListener('visibilitychange', () => attachment.seen(!document.hidden), { signal });
    // Back from the page cache, and onto another network: the socket may be dead without knowing it.
    window.addEventListener('pageshow', ({ persisted }) => persisted && attachment.renew(), { signal });
    window.addEventListener('online', () => attachment.renew(), { signal });
    watchTouches(element.current, screen.terminal, setTouched, signal);
    return () => {
      listening.abort();
      current().onHandle(terminalId, null);
      parts.current = null;
      attachment.close();
      screen.dispose();
    };
  }, [sessionId, terminalId]);

  useEffect(() => {
    parts.current?.screen.dress({ ...settings, screenReader: settings.screenReader || screenReader }, scheme);
  }, [settings, screenReader, scheme]);

  useEffect(() => {
    if (!active) return;
    parts.current?.screen.fit();
    // On a phone the keyboard comes when the person taps, not by itself.
    if (!matchMedia('(pointer: coarse)').matches) parts.current?.screen.terminal.focus();
  }, [active]);

  return (
    <section
      className="np-terminal"
      aria-label={`Terminal ${terminalId}`}
      hidden={!active}
      data-state={state}
      data-theme={looks.theme === 'page' ? scheme : looks.theme}
    >
      <div ref={element} className="np-xterm" data-following={status !== null && status.role !== 'driver'} />
      <TouchMenu
        at={touched}
        screen={parts.current?.screen}
        onPaste={props.onTouchPaste}
        onClose={() => {
          setTouched(null);
          parts.current?.screen.terminal.clearSelection();
        }}
      />
      <TerminalStatusLine
        state={state}
        status={status}
        exit={exit}
        pending={pending}
        refused={refused}
        onCancelInput={() => parts.current?.attachment.cancelInput()}
        onTakeBack={() => parts.current?.attachment.takeBack()}
        onTakeOver={() => {
          parts.current?.attachment.takeOver();
          parts.current?.screen.terminal.focus();
        }}
        onRestart={() => props.onRestart(terminalId)}
      />
    </section>
  );
}
