import { EventEmitter } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Actor } from '../access/actor.ts';
import { PersonSockets } from './person-sockets.ts';

class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readyState = 1;
  isPaused = false;
  code: number | null = null;
  pings = 0;

  close(code: number): void {
    this.code = code;
    this.readyState = 2;
  }

  resume(): void {
    this.isPaused = false;
  }

  terminate(): void {
    this.readyState = 3;
    this.emit('close');
  }

  ping(): void {
    this.pings += 1;
  }
}

function person(): Actor {
  return {
    userId: randomUUID(),
    name: 'a person',
    email: null,
    loginSessionId: randomUUID(),
    platformAdministrator: false,
    memberships: [],
  };
}

let sockets: PersonSockets;

beforeEach(() => {
  jest.useFakeTimers();
  sockets = new PersonSockets(2);
});

afterEach(() => {
  sockets.close();
  jest.useRealTimers();
});

function open(actor: Actor): FakeSocket & { taken: boolean } {
  const socket = new FakeSocket();
  return Object.assign(socket, { taken: sockets.add(socket as unknown as WebSocket, actor) });
}

test('a person has so many sockets and no more; the one too many is not counted', () => {
  const actor = person();
  const [first, second, third] = [open(actor), open(actor), open(actor)];
  expect([first.taken, second.taken, third.taken]).toEqual([true, true, false]);
  expect(third.code).toBe(4429);
  expect(open(person()).taken).toBe(true);
  third.emit('close');
  expect(open(actor).taken).toBe(false);
  first.emit('close');
  expect(open(actor).taken).toBe(true);
});

test('closes whose access ended, and cuts those who do not answer the closing', () => {
  const [mine, other] = [person(), person()];
  const [socket, kept] = [open(mine), open(other)];
  sockets.closeWhere((actor) => actor.loginSessionId === mine.loginSessionId, 4401, 'signed out');
  expect([socket.code, kept.code]).toEqual([4401, null]);
  expect(socket.readyState).toBe(2);
  jest.advanceTimersByTime(5_000);
  expect(socket.readyState).toBe(3);
  expect(sockets.size).toBe(1);
});

test('a socket that answers no ping is cut, one that we paused is not', () => {
  const [silent, answering, paused] = [open(person()), open(person()), open(person())];
  answering.on('ping', () => {});
  jest.advanceTimersByTime(30_000);
  expect([silent.pings, answering.pings]).toEqual([1, 1]);
  answering.emit('pong');
  paused.isPaused = true;
  jest.advanceTimersByTime(30_000);
  expect([silent.readyState, answering.readyState, paused.readyState]).toEqual([3, 1, 1]);
});
