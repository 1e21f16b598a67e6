import { ScreenDesk } from './screen-desk.ts';
import type { StartScreenThread } from './screen-thread.ts';

/** For tests: screens kept in this thread, by messages as with a worker. */
export const startScreensHere: StartScreenThread = (listener) => {
  let over = false;
  const desk = new ScreenDesk((message) => {
    setImmediate(() => {
      if (!over) listener.message(message);
    });
  });
  return {
    post: (message) => desk.take(message),
    close: () => (over = true),
  };
};
