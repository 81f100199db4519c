// The action's step: makes the environment.
'use strict';

require('./start')('up.sh');
