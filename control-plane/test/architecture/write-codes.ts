import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderCodes } from './codes.ts';
import { REPOSITORY } from './sources.ts';

writeFileSync(join(REPOSITORY, 'docs/CODES.md'), renderCodes());
