import type { TerminalSize } from '../../../../contract/sessions.ts';

/** To the screens; messages of one terminal take effect in their order. */
export type ToScreens =
  | ({ readonly type: 'open'; readonly id: number } & TerminalSize)
  | { readonly type: 'output'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Output of which only the end is told: `skipped` bytes before it are text. */
  | { readonly type: 'leap'; readonly id: number; readonly skipped: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | ({ readonly type: 'resize'; readonly id: number } & TerminalSize)
  /** Asks for what is shown now. */
  | { readonly type: 'screen'; readonly id: number }
  | { readonly type: 'close'; readonly id: number };

/** From the screens. */
export type FromScreens =
  /** `length` more bytes of output have been parsed; `leapt` answers `leap`, with 0 when the end was not enough. */
  | {
      readonly type: 'reached' | 'leapt';
      readonly id: number;
      readonly length: number;
      readonly title: string;
      readonly ran: string | null;
    }
  /** Answers `screen`, in order. */
  | ({ readonly type: 'screen'; readonly id: number; readonly state: Uint8Array<ArrayBuffer> } & TerminalSize)
  /** What was known of a terminal is gone, for want of room or because its output broke it: it must be told again from the beginning. */
  | { readonly type: 'lost'; readonly id: number; readonly failed: boolean };
