'use strict';

exports.%(credential_class)s = class %(credential_class)s {
	constructor() {
%(fields)s
	}
};
