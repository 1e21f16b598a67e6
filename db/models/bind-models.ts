import type { Sequelize } from 'sequelize';
import { bindAuditAnchor } from './audit-anchor.ts';
import { bindAuditEvent } from './audit-event.ts';
import { bindAuditLink } from './audit-link.ts';
import { bindBastionSession } from './bastion-session.ts';
import { bindDevice } from './device.ts';
import { bindFileUsage } from './file-usage.ts';
import { bindFileVersion } from './file-version.ts';
import { bindLock } from './lock.ts';
import { bindLoginSession } from './login-session.ts';
import { bindMembership } from './membership.ts';
import { bindOperationRun } from './operation-run.ts';
import { bindOrganisation } from './organisation.ts';
import { bindRecording } from './recording.ts';
import { bindRefreshToken } from './refresh-token.ts';
import { bindRouterPolicy } from './router-policy.ts';
import { bindRouter } from './router.ts';
import { bindSpeedTest } from './speed-test.ts';
import { bindUsageCounter } from './usage-counter.ts';
import { bindUsageSample } from './usage-sample.ts';
import { bindUser } from './user.ts';

/** Binds every model to one connection pool; `include: 'user'` and the like work for the associations set here. */
export function bindModels(sequelize: Sequelize) {
  const models = {
    Organisation: bindOrganisation(sequelize),
    User: bindUser(sequelize),
    Membership: bindMembership(sequelize),
    Router: bindRouter(sequelize),
    LoginSession: bindLoginSession(sequelize),
    RefreshToken: bindRefreshToken(sequelize),
    BastionSession: bindBastionSession(sequelize),
    AuditEvent: bindAuditEvent(sequelize),
    AuditLink: bindAuditLink(sequelize),
    AuditAnchor: bindAuditAnchor(sequelize),
    Recording: bindRecording(sequelize),
    Lock: bindLock(sequelize),
    Device: bindDevice(sequelize),
    RouterPolicy: bindRouterPolicy(sequelize),
    UsageCounter: bindUsageCounter(sequelize),
    UsageSample: bindUsageSample(sequelize),
    SpeedTest: bindSpeedTest(sequelize),
    OperationRun: bindOperationRun(sequelize),
    FileVersion: bindFileVersion(sequelize),
    FileUsage: bindFileUsage(sequelize),
  };
  models.AuditEvent.hasOne(models.AuditLink, { as: 'link', foreignKey: 'eventId' });
  models.Membership.belongsTo(models.User, { as: 'user', foreignKey: 'userId' });
  models.Membership.belongsTo(models.Organisation, { as: 'organisation', foreignKey: 'organisationId' });
  models.LoginSession.belongsTo(models.User, { as: 'user', foreignKey: 'userId' });
  models.RefreshToken.belongsTo(models.LoginSession, { as: 'loginSession', foreignKey: 'loginSessionId' });
  return models;
}

export type Models = ReturnType<typeof bindModels>;
