import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Client, ClientChannel } from 'ssh2';
import { ChannelTurns, needsTurns } from './channel-turns.ts';

const client = new EventEmitter() as Client;
const channel = () => new EventEmitter() as ClientChannel;
/** Lets everything that is ready go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['SSH-2.0-dropbear', true],
  ['SSH-2.0-dropbear_2022.82', true],
  ['SSH-2.0-dropbear_2022.83', true],
  ['SSH-2.0-dropbear_2024.85', true],
  ['SSH-2.0-dropbear_2024.86', false],
  ['SSH-2.0-dropbear_2025.88', false],
  ['SSH-2.0-dropbear_2020.81', false],
  ['SSH-2.0-OpenSSH_9.2p1 Debian-2', false],
  ['SSH-2.0-other dropbear_2022.83', false],
  ['', false],
])('a server that calls itself %p needs turns: %p', (ident, needs) => {
  expect(needsTurns(ident)).toBe(needs);
});

test('a channel is opened when the command before has ended', async () => {
  const turns = new ChannelTurns({ unforwardIn: () => client });
  const opened: string[] = [];
  const first = channel();
  const open = (name: string, made = channel()) => {
    return async () => {
      opened.push(name);
      return made;
    };
  };
  await turns.command(open('first', first));
  const second = turns.command(open('second'));
  const shell = turns.resident(open('shell'));
  await settle();
  expect(opened).toEqual(['first']);
  first.emit('close');
  const running = await second;
  await settle();
  expect(opened).toEqual(['first', 'second']);
  running.emit('close');
  await shell;
  // Nobody waits for a shell.
  const third = await turns.command(open('third'));
  third.emit('close');
  expect(opened).toEqual(['first', 'second', 'shell', 'third']);
});

test('a channel that could not be opened gives its turn on', async () => {
  const turns = new ChannelTurns({ unforwardIn: () => client });
  await expect(turns.command(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await expect(turns.resident(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  const made = channel();
  expect(await turns.command(async () => made)).toBe(made);
  made.emit('close');
});
