import { type StreamParser, StreamLanguage } from '@codemirror/language';

interface UciState {
  /** What the words of this line are: its first is a keyword, its second a type or a name. */
  word: number;
  /** The quote that a value is in; it may go over lines. */
  quote: string | null;
}

const KEYWORDS = /^(?:package|config|option|list)\b/u;

const parser: StreamParser<UciState> = {
  name: 'uci',
  startState: () => ({ word: 0, quote: null }),
  token(stream, state) {
    if (state.quote === null && stream.sol()) state.word = 0;
    if (state.quote !== null) return quoted(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.peek() === '#') {
      stream.skipToEnd();
      return 'comment';
    }
    if (state.word === 0) {
      state.word = 1;
      if (stream.match(KEYWORDS) !== null) return 'keyword';
      stream.match(/^\S+/u);
      return 'invalid';
    }
    const first = stream.peek();
    const wasName = state.word === 1;
    state.word += 1;
    if (first === "'" || first === '"') {
      stream.next();
      state.quote = first;
      return quoted(stream, state);
    }
    if (stream.match(/^[^\s'"#]+/u) === null) stream.next();
    return wasName ? 'propertyName' : 'string';
  },
  languageData: { commentTokens: { line: '#' } },
};

/** Up to the closing quote or the end of the line; in double quotes a backslash keeps the next character. */
function quoted(stream: Parameters<StreamParser<UciState>['token']>[0], state: UciState): string {
  for (let character = stream.next(); typeof character === 'string'; character = stream.next()) {
    if (character === state.quote) {
      state.quote = null;
      break;
    }
    if (character === '\\' && state.quote === '"') stream.next();
  }
  return 'string';
}

/** Configuration of OpenWrt: `config <type> '<name>'`, `option <name> '<value>'`, `list <name> '<value>'`. */
export const uciLanguage = StreamLanguage.define(parser);
