// First: it has to run before ssh2.
import './padded.ts';
import { BaseAgent } from 'ssh2';
import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey, SigningRequestOptions } from 'ssh2';

/** Signs outside the sandbox. @returns the raw signature (ed25519: 64 bytes, ecdsa: DER), or null when declined. */
export type Sign = (data: Buffer) => Promise<Buffer | null>;

export type Credentials = { type: 'password'; password: string } | { type: 'signer'; publicKey: string; sign: Sign };

/** Offers one public key and has every challenge signed elsewhere: the private key is never in this process. */
class SigningAgent extends BaseAgent {
  readonly #publicKey: string;
  readonly #sign: Sign;

  constructor(publicKey: string, sign: Sign) {
    super();
    this.#publicKey = publicKey;
    this.#sign = sign;
  }

  override getIdentities(done: (error: Error | undefined, keys?: string[]) => void): void {
    done(undefined, [this.#publicKey]);
  }

  override sign(
    _key: string | Buffer | ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | ((error?: Error, signature?: Buffer) => void),
    callback?: (error?: Error, signature?: Buffer) => void,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    if (done) void this.#answer(data, done);
  }

  async #answer(data: Buffer, done: (error?: Error, signature?: Buffer) => void): Promise<void> {
    let signature: Buffer | null = null;
    let failure = new Error('The signature was declined.');
    try {
      signature = await this.#sign(data);
    } catch (error) {
      if (error instanceof Error) failure = error;
    }
    try {
      if (signature) done(undefined, signature);
      else done(failure);
    } catch {
      // The connection ended while the signature was made; its own end reports that.
    }
  }
}

/**
 * The methods to try, in order. A password is also given to keyboard-interactive (RFC 4256), once, and only to a single prompt that
 * hides what is typed: any other question is not for the password.
 */
export function authenticate(user: string, credentials: Credentials): AuthHandlerMiddleware {
  const methods: AnyAuthMethod[] =
    credentials.type === 'signer'
      ? [{ type: 'agent', username: user, agent: new SigningAgent(credentials.publicKey, credentials.sign) }]
      : [
          { type: 'password', username: user, password: credentials.password },
          { type: 'keyboard-interactive', username: user, prompt: answerOnce(credentials.password) },
        ];
  return (left, _partial, next) => {
    const offered = (method: AnyAuthMethod) =>
      left === null || (left as string[]).includes(method.type === 'agent' ? 'publickey' : method.type);
    const at = methods.findIndex(offered);
    const [method] = at === -1 ? [] : methods.splice(0, at + 1).slice(-1);
    next(method ?? (false as unknown as AnyAuthMethod));
  };
}

function answerOnce(password: string) {
  let given = false;
  return (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: readonly { prompt: string; echo?: boolean }[],
    finish: (answers: string[]) => void,
  ) => {
    const answer = !given && prompts.length === 1 && prompts[0]?.echo !== true ? password : '';
    given ||= answer !== '';
    finish(prompts.map(() => answer));
  };
}
