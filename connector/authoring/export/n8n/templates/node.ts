import { NodeConnectionTypes, type INodeType, type INodeTypeDescription } from 'n8n-workflow';
import { hostOf } from './host';

const host = hostOf(%(quoted_credential)s);

export class %(node_class)s implements INodeType {
	description: INodeTypeDescription = %(description)s;
}
