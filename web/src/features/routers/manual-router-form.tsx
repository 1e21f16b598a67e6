import { type RouterInput, RouterInput as RouterInputSchema } from '@netpilot/control-plane/contract/routers.ts';
import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Textarea,
} from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Trouble } from '../../shell/trouble.tsx';
import { fieldErrors } from './field-errors.ts';

interface ManualRouterFormProps {
  organisationId: string;
  name: string;
  onSubmit: (input: RouterInput) => void;
  busy: boolean;
  error: unknown;
}

/** For a tunnel that somebody else keeps open: its port, and how to sign in on the router. */
export function ManualRouterForm({ organisationId, name, onSubmit, busy, error }: ManualRouterFormProps) {
  const [port, setPort] = useState<number | string>('');
  const [user, setUser] = useState('root');
  const [type, setType] = useState<'password' | 'private_key'>('password');
  const [password, setPassword] = useState('');
  const [privateKey, setPrivateKey] = useState('');
  const [legacy, setLegacy] = useState(false);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = RouterInputSchema.safeParse({
      attachment: 'manual',
      organisationId,
      name,
      algorithms: legacy ? 'legacy' : 'modern',
      tunnelPort: port,
      user: user.trim(),
      credential: type === 'password' ? { type, password } : { type, privateKey },
    });
    setErrors(parsed.success ? {} : fieldErrors(parsed.error));
    if (parsed.success) onSubmit(parsed.data);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Group grow preventGrowOverflow={false} align="flex-start">
          <NumberInput
            label="Tunnel port"
            description="On the bastion, where the tunnel ends"
            value={port}
            onChange={setPort}
            min={1}
            max={65_535}
            allowDecimal={false}
            hideControls
            error={errors.tunnelPort}
            required
          />
          <TextInput
            label="User"
            description="On the router"
            value={user}
            onChange={({ currentTarget }) => setUser(currentTarget.value)}
            autoCapitalize="off"
            autoCorrect="off"
            autoComplete="off"
            error={errors.user}
            required
          />
        </Group>
        <div>
          <Text size="sm" fw={500} mb={4} id="credential-kind">
            Sign in with
          </Text>
          <SegmentedControl
            aria-labelledby="credential-kind"
            value={type}
            onChange={(value) => setType(value === 'password' ? 'password' : 'private_key')}
            data={[
              { value: 'password', label: 'Password' },
              { value: 'private_key', label: 'Private key' },
            ]}
          />
        </div>
        {type === 'password' ? (
          <PasswordInput
            label="Password"
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show password', tabIndex: 0 }}
            error={errors.credential}
            required
          />
        ) : (
          <Textarea
            label="Private key"
            description="OpenSSH or PEM, without a passphrase. It is kept sealed and never enters a session."
            value={privateKey}
            onChange={({ currentTarget }) => setPrivateKey(currentTarget.value)}
            autosize
            minRows={4}
            maxRows={10}
            spellCheck={false}
            autoComplete="off"
            error={errors.credential}
            required
          />
        )}
        <Checkbox
          label="Allow legacy algorithms"
          description="Only for an old router that offers nothing better"
          checked={legacy}
          onChange={({ currentTarget }) => setLegacy(currentTarget.checked)}
        />
        {errors.name && (
          <Text size="sm" c="var(--mantine-color-error)">
            Name: {errors.name}
          </Text>
        )}
        <Trouble error={error} />
        <Group>
          <Button type="submit" loading={busy} mih={44}>
            Add router
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
