import { Box, Button, Center, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconArrowRight } from '@tabler/icons-react';
import { useLocation, useSearchParams } from 'react-router';
import { PROBLEMS, ProblemCode } from '@netpilot/control-plane/contract/problems.ts';
import { paths, signInAddress } from '../../routes/paths.ts';
import { Brand } from '../../shell/brand.tsx';
import { Notice } from '../../shell/notice.tsx';

/** The door: one button. It leads to the identity provider and back to the same address. */
export function SignInPage() {
  useDocumentTitle('Sign in · NetPilot Bastion');
  const { pathname, search } = useLocation();
  const problem = useSignInProblem();
  return (
    <Center component="main" mih="100dvh" p="md">
      <Box className="np-surface" p={{ base: 'lg', sm: 40 }} w="100%" maw={440}>
        <Stack gap="lg">
          <Brand size={36} />
          <div>
            <Title order={1} size="h3">
              Sign in to reach your routers
            </Title>
            <Text c="dimmed" mt={6}>
              Each visit to a router runs in a sealed container of its own.
            </Text>
          </div>
          {problem && (
            <Notice tone="bad" title={problem.title} urgent>
              {problem.remedy}
            </Notice>
          )}
          <Button
            onClick={() =>
              location.assign(signInAddress(pathname === paths.signIn() ? paths.home() : pathname + search))
            }
            size="lg"
            rightSection={<IconArrowRight size={20} aria-hidden />}
          >
            Sign in
          </Button>
        </Stack>
      </Box>
    </Center>
  );
}

/** The way back from a failed sign-in carries the code of its problem. */
function useSignInProblem() {
  const [search] = useSearchParams();
  if (!search.has('problem')) return null;
  const code = ProblemCode.safeParse(search.get('problem'));
  return PROBLEMS[code.success ? code.data : 'sign_in_failed'];
}
