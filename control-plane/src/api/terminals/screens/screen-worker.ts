import { parentPort } from 'node:worker_threads';
import type { ToScreens } from './messages.ts';
import { ScreenDesk } from './screen-desk.ts';

if (parentPort === null) throw new Error('screens are kept in a thread of their own');
const port = parentPort;
const desk = new ScreenDesk((message) =>
  port.postMessage(message, message.type === 'screen' ? [message.state.buffer] : []),
);
port.on('message', (message: ToScreens) => desk.take(message));
