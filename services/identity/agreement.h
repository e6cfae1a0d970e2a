/* agreement.h - the registration agreement (实名注册协议, 国办函〔2016〕108号 appendix 4).
 *
 * Versions are rows that never change; in force is the one that took effect last. */
#pragma once
#include "identity.h"

/* The version in force now; NOT_FOUND when none is. */
status_t agreement_version(call_t *call, const char **ret);
