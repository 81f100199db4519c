// The action's step after the job: takes the environment away.
'use strict';

require('./start')('down.sh');
