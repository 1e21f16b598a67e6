import { Worker } from 'node:worker_threads';
import type { FromScreens, ToScreens } from './messages.ts';

/** Where screens are kept; owned by who started it. */
export interface ScreenThread {
  post(message: ToScreens): void;
  close(): void;
}

export interface ScreenThreadListener {
  message(message: FromScreens): void;
  /** It is gone, with everything it knew. Not called after `close`. */
  died(error: Error): void;
}

export type StartScreenThread = (listener: ScreenThreadListener) => ScreenThread;

/** Bytes of the thread's heap, in MB; output that fills it ends the thread and not the process. */
const HEAP_MB = 256;

/** Starts the worker that stands beside this program as `screen-worker.mjs`. */
export const startScreenWorker: StartScreenThread = (listener) => {
  const worker = new Worker(new URL('./screen-worker.mjs', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    // Nothing of the api's environment is its business.
    env: {},
  });
  worker.unref();
  let over = false;
  const died = (error: Error) => {
    if (over) return;
    over = true;
    listener.died(error);
  };
  worker.on('message', (message: FromScreens) => listener.message(message));
  worker.on('error', died);
  worker.on('exit', (code) => died(new Error(`the screens ended with ${code}`)));
  return {
    post: (message) => worker.postMessage(message, message.type === 'output' ? [message.bytes.buffer] : []),
    close() {
      over = true;
      void worker.terminate();
    },
  };
};
