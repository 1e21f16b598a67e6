/** Something the person at the keyboard can remove; the message is one sentence that says what to do and is shown without a stack. */
export class Obstacle extends Error {
  override name = 'Obstacle';
}

/** The one sentence to show for `error`; anything but an {@link Obstacle} is a fault of ours and keeps its stack. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Obstacle) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
